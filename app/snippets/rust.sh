cargo run --package observerio --example boss -- YOUR_KEY
