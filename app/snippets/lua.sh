cargo build --profile sdk --package observerio-c
LUA_PATH="$PWD/sdk/lua/?.lua;;" OBSERVERIO_LIBRARY=target/sdk/libobserverio.so luajit sdk/lua/examples/boss.lua YOUR_KEY
