#include "networks/table.h"

#include <algorithm>

namespace genmi::networks {

template <class T>
void Table<T>::forward(const Passage& passage, const Context&) {
  const std::size_t k = outputs();
  for (std::size_t i = 0; i < passage.x.rows; ++i)
    std::copy_n(logits_.values.data() + passage.rows[i] * k, k, passage.y + i * k);
}

template <class T>
void Table<T>::backward(const Passage& passage, T* gradient, bool learn, const Context&, T*) {
  const std::size_t k = outputs();
  if (learn) logits_.prepare_to_add();
  for (std::size_t i = 0; learn && i < passage.x.rows; ++i) {
    T* const to = logits_.gradient.data() + passage.rows[i] * k;
    for (std::size_t c = 0; c < k; ++c) to[c] += gradient[i * k + c];
  }
}

template class Table<float>;
template class Table<double>;

}  // namespace genmi::networks
