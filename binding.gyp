{
  # The CPU addon for tools that read this file. The package's own builds: `genmi build` and CMakeLists.txt.
  "targets": [
    {
      "target_name": "genmi",
      "sources": ["<!@(node -p \"require('fs').readFileSync('native/sources.txt', 'utf8').trim()\")"],
      "include_dirs": ["native", "native/include", "<!(node -p \"require('node-addon-api').include_dir\")"],
      # Undone: defaults of Node's own build.
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
      "cflags_cc": ["<!@(node -p \"require('fs').readFileSync('native/flags.txt', 'utf8').trim()\")", "-fexceptions", "-fomit-frame-pointer"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "GCC_OPTIMIZATION_LEVEL": "3",
        "OTHER_CPLUSPLUSFLAGS": ["<!@(node -p \"require('fs').readFileSync('native/flags.txt', 'utf8').trim()\")"],
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
      },
      # The kernels use vector extensions, which Visual C++ does not have.
      "msbuild_toolset": "ClangCL",
      "msvs_settings": {
        "VCCLCompilerTool": {
          "AdditionalOptions": ["<!@(node -p \"require('fs').readFileSync('native/flags.txt', 'utf8').trim().replace(/^/gm, '/clang:')\")"],
          "ExceptionHandling": 1,
        },
      },
    },
  ],
}
