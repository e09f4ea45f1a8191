cargo build --profile sdk --package observerio-c
c++ -std=c++17 sdk/cpp/examples/boss.cpp -o boss -I sdk/cpp/include -I sdk/c/include -L target/sdk -lobserverio -Wl,-rpath,$PWD/target/sdk -pthread
./boss YOUR_KEY
