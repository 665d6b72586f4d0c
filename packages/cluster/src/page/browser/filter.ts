/** The cluster that is looked at: a click on a cluster hides all that belongs to others, Escape shows all. */

type Listener = (cluster: number | undefined) => void;

export class Filter {
  #cluster: number | undefined;
  readonly #listeners: Listener[] = [];

  constructor() {
    for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-filter]')) {
      const wanted = button.dataset.filter === 'all' ? undefined : Number(button.dataset.filter);
      button.addEventListener('click', () => this.toggle(wanted));
    }
    document.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.set(undefined);
    });
  }

  get cluster(): number | undefined {
    return this.#cluster;
  }

  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Looks at a cluster, or at all where it was looked at before. */
  toggle(cluster: number | undefined): void {
    this.set(cluster === this.#cluster ? undefined : cluster);
  }

  set(cluster: number | undefined): void {
    this.#cluster = cluster;
    for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-filter]')) {
      const own = button.dataset.filter === 'all' ? undefined : Number(button.dataset.filter);
      button.setAttribute('aria-pressed', String(own === cluster));
    }
    for (const part of document.querySelectorAll<HTMLElement>('[data-cluster]')) {
      part.hidden = cluster !== undefined && Number(part.dataset.cluster) !== cluster;
    }
    const status = document.getElementById('status');
    if (status)
      status.textContent = cluster === undefined ? 'All clusters are shown.' : `Only cluster ${cluster} is shown.`;
    for (const listener of this.#listeners) listener(cluster);
  }
}
