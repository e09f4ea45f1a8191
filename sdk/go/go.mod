module observerio

go 1.19
