/** The path of the shared object that genmi opens. */
declare const file: string;
export = file;
