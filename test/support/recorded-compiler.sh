#!/bin/sh
# A C++ compiler that compiles each source once: a second call with the same arguments copies the result of the first. It
# does not optimise, which would double the time of the test.
# $GENMI_RECORDS: a folder for results; $GENMI_PATH: the PATH of the compiler. The file after -o is the last argument.
case " $* " in
*" -c "*) ;;
*" c++-header "*) PATH=$GENMI_PATH exec g++ "$@" -O0 ;;
*) PATH=$GENMI_PATH exec g++ "$@" ;;
esac
for last; do :; done
record=$GENMI_RECORDS/${last##*/}
[ -f "$record" ] || { PATH=$GENMI_PATH g++ "$@" -O0 && cp "$last" "$record"; } || exit 1
cp "$record" "$last"
