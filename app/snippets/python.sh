cargo build --profile sdk --package observerio-c
PYTHONPATH=sdk/python/src OBSERVERIO_LIBRARY=target/sdk/libobserverio.so python3 sdk/python/examples/boss.py YOUR_KEY
