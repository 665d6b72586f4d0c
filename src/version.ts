/** The version of the package: a constant, since a bundle has no package.json. */
export const version = '0.1.0';
