'use strict';

// tfjs-node 4.22 still calls two helpers that Node 23 took out of node:util.
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;

// libtensorflow announces its CPU features on stderr at every start; warnings and errors still come through.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';

module.exports = require('@tensorflow/tfjs-node');
