//! Who gives way when the logs of all projects are too large together.

/// How large each log may be, so that all of them together are no larger than `most`: the largest ones give way, down to one
/// size for all that are larger. So a project with a large log takes nothing of the others'.
pub(super) fn fair_size(sizes: &[u64], most: u64) -> u64 {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    let (mut left, mut count) = (most, sizes.len() as u64);
    for size in sizes {
        let share = left / count;
        if size > share {
            return share;
        }
        left -= size;
        count -= 1;
    }
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_give_way_and_small_ones_keep_all() {
        assert_eq!(fair_size(&[], 10), u64::MAX);
        assert_eq!(fair_size(&[3, 7], 10), u64::MAX);
        assert_eq!(fair_size(&[90, 5, 5], 50), 40);
        assert_eq!(fair_size(&[90, 80, 10], 100), 45);
        assert_eq!(fair_size(&[10, 10, 10], 20), 6);
        for (sizes, most) in [(vec![1, 2, 3, 400], 100), (vec![70, 70, 70], 100), (vec![9; 7], 11)] {
            let fair = fair_size(&sizes, most);
            assert!(sizes.iter().map(|size| (*size).min(fair)).sum::<u64>() <= most, "{sizes:?}");
        }
    }
}
