// The f-divergences by their perspective functions F(p, q) = q f(p / q), which are finite where f is not.
//
// With t = p / q and l = log t, each gives F and the two halves of F = p F_p + q F_q (Euler: F is homogeneous):
// by_p = p F_p = p f'(t) and by_q = q F_q = q (f(t) - t f'(t)), the derivatives with respect to log p and log q.
// Definitions: Csiszar 1967; the scale of each is that of the GEMINI paper's code where it has one.
#pragma once

#include <cmath>

namespace genmi::objectives {

struct Perspective {
  double value, by_p, by_q;
};

// f(t) = t log t
struct KullbackLeibler {
  Perspective operator()(double p, double, double l) const { return {p * l, p * l + p, -p}; }
};

// f(t) = -log t
struct ReverseKullbackLeibler {
  Perspective operator()(double, double q, double l) const { return {-q * l, -q, q - q * l}; }
};

// f(t) = |t - 1| / 2; subgradient 0 at t = 1
struct TotalVariation {
  Perspective operator()(double p, double q, double) const {
    const double half_sign = p > q ? 0.5 : p < q ? -0.5 : 0;
    return {half_sign * (p - q), half_sign * p, -half_sign * q};
  }
};

// f(t) = [t log t - (1 + t) log((1 + t) / 2)] / 2
struct JensenShannon {
  Perspective operator()(double p, double q, double) const {
    const double by_p = half_log_ratio_to_mean(p, q), by_q = half_log_ratio_to_mean(q, p);
    return {by_p + by_q, by_p, by_q};
  }

  // a / 2 log(a / ((a + b) / 2)); 0 where a is so small beside b that their ratio overflows.
  static double half_log_ratio_to_mean(double a, double b) {
    const double difference = (b - a) / (2 * a);
    return a > 0 && std::isfinite(difference) ? -a / 2 * std::log1p(difference) : 0;
  }
};

// f(t) = (t - 1) log t
struct Jeffreys {
  Perspective operator()(double p, double q, double l) const { return {(p - q) * l, p * l + p - q, q - p - q * l}; }
};

// f(t) = (t - 1)^2 / (2 (t + 1))
struct LeCam {
  Perspective operator()(double p, double q, double) const {
    const double sum = p + q;
    if (!(sum > 0)) return {0, 0, 0};
    const double difference = p - q, half = difference / (2 * sum);
    return {half * difference, half * p * (p + 3 * q) / sum, -half * q * (q + 3 * p) / sum};
  }
};

// f(t) = scale (t^order - slope t - constant): the squared Hellinger distance, the chi-squared divergences, the alpha
// family.
struct Power {
  double order, scale, slope, constant;

  // f(t) = (t^a - a t + a - 1) / (a (a - 1)), a neither 0 nor 1.
  static constexpr Power alpha(double a) { return {a, 1 / (a * (a - 1)), a, 1 - a}; }
  static constexpr Power hellinger() { return {0.5, -1, 0, 1}; }  // 1 - sqrt t
  static constexpr Power pearson() { return {2, 1, 2, -1}; }      // (t - 1)^2
  static constexpr Power half_chi2() { return {2, 0.5, 0, 0}; }   // t^2 / 2, which is not 0 at t = 1
  static constexpr Power neyman() { return {-1, 1, -1, 2}; }      // (t - 1)^2 / t

  // p^order q^(1 - order) is taken as p + change or q + change, whichever change is small for orders near 1 and near 0:
  // there scale is large, and what it multiplies must not be a difference of rounded numbers.
  Perspective operator()(double p, double q, double l) const {
    if (order > 0.5) {
      const double change = change_from_p(p, q, l);
      return {scale * (change + (1 - slope) * p - constant * q), scale * (order * change + (order - slope) * p),
              scale * ((1 - order) * (p + change) - constant * q)};
    }
    const double change = q * std::expm1(order * l);
    return {scale * (change + (1 - constant) * q - slope * p), scale * (order * (q + change) - slope * p),
            scale * ((1 - order) * change + (1 - order - constant) * q)};
  }

  // p^order q^(1 - order) - p, also where p vanishes and l is far below 0.
  double change_from_p(double p, double q, double l) const {
    const double exponent = (order - 1) * l;
    return std::abs(exponent) < 1 ? p * std::expm1(exponent) : q * std::exp(order * l) - p;
  }

  // Whether tau dI/dtau stays finite when a probability vanishes.
  bool finite_one_vs_all() const { return order >= 0; }
  bool finite_one_vs_one() const { return order >= 0 && order <= 1; }
};

}  // namespace genmi::objectives
