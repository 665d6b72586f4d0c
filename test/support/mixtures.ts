/** The samples of the specification's vectors (alpha_js_dpgmm.md), and where their fit starts. */
export const specified = {
  x: [
    [0, 0],
    [0.5, 0.2],
    [0.1, -0.4],
    [4, 4],
    [4.4, 3.8],
    [3.7, 4.3],
    [-3, 5],
    [-3.4, 5.2],
  ],
  responsibilities: [
    [0.7, 0.1, 0.1, 0.1],
    [0.6, 0.2, 0.1, 0.1],
    [0.8, 0.1, 0.05, 0.05],
    [0.1, 0.7, 0.1, 0.1],
    [0.1, 0.6, 0.2, 0.1],
    [0.05, 0.8, 0.1, 0.05],
    [0.1, 0.1, 0.7, 0.1],
    [0.1, 0.1, 0.6, 0.2],
  ],
};
