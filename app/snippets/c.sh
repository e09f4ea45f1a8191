cargo build --profile sdk --package observerio-c
cc -D_POSIX_C_SOURCE=200809L sdk/c/examples/boss.c -o boss -I sdk/c/include -L target/sdk -lobserverio -Wl,-rpath,$PWD/target/sdk
./boss YOUR_KEY
