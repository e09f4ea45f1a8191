{ printf 'v:KEY\ni:KEY:{"speed": 5, "god_mode": false}\n'
  printf 'l:KEY:[{"message":"hello"}]\n'; cat; } | nc HOST PORT
