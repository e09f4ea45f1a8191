//! A set of the pairs and triples of characters in the words of a block. It tells of most blocks that they lack a word
//! without reading theirs.

/// Bits of a set, a power of two. A block of chat or of a game's log has some ten thousand different ones.
const BITS: usize = 1 << 16;
pub(super) const BYTES: usize = BITS / 8;

/// A set that is being made.
pub(super) struct GramSet(Vec<u8>);

impl GramSet {
    pub(super) fn new() -> Self {
        Self(vec![0; BYTES])
    }

    /// Adds those of a word.
    pub(super) fn add(&mut self, word: &str) {
        for_each_gram(word, |pair, triple| {
            for bit in [Some(pair), triple].into_iter().flatten() {
                self.0[bit / 8] |= 1 << (bit % 8);
            }
        });
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Whether there may be a word with `piece` in it. A set that is damaged excludes nothing.
pub(crate) fn may_contain(set: &[u8], piece: &str) -> bool {
    let has = |bit: usize| set[bit / 8] & (1 << (bit % 8)) != 0;
    let mut may = true;
    if set.len() == BYTES {
        for_each_gram(piece, |pair, triple| may &= has(pair) && triple.is_none_or(has));
    }
    may
}

/// The bit of each pair of characters, and of the triple that ends with it.
fn for_each_gram(word: &str, mut take: impl FnMut(usize, Option<usize>)) {
    let (mut before, mut last) = (None, None);
    for char in word.chars().map(|char| u64::from(u32::from(char))) {
        if let Some(last) = last {
            let pair = (last << 21) | char;
            take(bit(pair), before.map(|before: u64| bit((before << 42) | pair)));
        }
        (before, last) = (last, Some(char));
    }
}

/// Fibonacci hashing: the upper bits of a product.
fn bit(gram: u64) -> usize {
    (gram.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - BITS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_every_part_of_its_words_and_lacks_most_others() {
        let mut set = GramSet::new();
        let words = ["boss_spawn", "魔王か現れた", "http2"];
        words.iter().for_each(|word| set.add(word));
        let set = set.into_bytes();
        for word in words {
            let starts: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
            for (n, from) in starts.iter().enumerate() {
                assert!(starts[n..].iter().all(|to| may_contain(&set, &word[*from..*to])), "{word}");
            }
        }
        for absent in ["bosses", "spawned", "王魔", "zz", "http3"] {
            assert!(!may_contain(&set, absent), "{absent}");
        }
        // a single character says nothing
        assert!(may_contain(&set, "z"));
        assert!(may_contain(&set[1..], "zz"));
    }
}
