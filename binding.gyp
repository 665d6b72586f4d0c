{
  # The CPU addon, which users compile when no prebuilt binary fits. Developers' builds: CMakeLists.txt.
  "variables": {
    # In the packed tarball the headers are in vendor/, since the package does not depend on node-addon-api.
    "node_addon_api": "<!(node -p \"try { require('node-addon-api').include_dir } catch { 'vendor/node-addon-api' }\")",
  },
  "targets": [
    {
      "target_name": "genmi",
      "sources": ["<!@(node -p \"require('fs').readFileSync('native/sources.txt', 'utf8').trim()\")"],
      "include_dirs": ["native", "native/include", "<(node_addon_api)"],
      # NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS: an error while an environment is terminated must not end the process.
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
      # -ffp-contract=off: the same numbers on every processor. -Wno-psabi: silences GCC's notes on a change in version 9.
      "cflags_cc": ["-std=c++20", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-fexceptions", "-fomit-frame-pointer", "-Wno-psabi"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "GCC_OPTIMIZATION_LEVEL": "3",
        "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off"],
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
      },
      # The kernels use vector extensions, which Visual C++ does not have.
      "msbuild_toolset": "ClangCL",
      "msvs_settings": {
        "VCCLCompilerTool": {"AdditionalOptions": ["/std:c++20", "/clang:-ffp-contract=off"], "ExceptionHandling": 1},
      },
    },
  ],
}
