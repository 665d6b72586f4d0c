// The path of the shared object that genmi opens.
module.exports = require('node:path').join(__dirname, 'genmi_cuda.so');
