cargo build --profile sdk --package observerio-c
cd sdk/go && go run ./examples/boss YOUR_KEY
