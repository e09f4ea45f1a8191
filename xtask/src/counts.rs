//! Counts tests from the output of their runners.

use std::ops::AddAssign;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Counts {
    /// Adds what one line of `cargo test` says: `test result: ok. 12 passed; 0 failed; …`.
    pub(crate) fn see_cargo(&mut self, line: &str) {
        let Some((_, result)) = line.split_once("test result: ") else { return };
        for part in result.split([';', '.']) {
            match number_and_word(part) {
                Some((n, "passed")) => self.passed += n,
                Some((n, "failed")) => self.failed += n,
                _ => {}
            }
        }
    }

    /// Adds what one line of Playwright's closing words says: `  27 passed (1.2m)`, `  1 failed`.
    /// Anything that did not run or needed a retry counts as failed.
    pub(crate) fn see_playwright(&mut self, line: &str) {
        match number_and_word(line) {
            Some((n, "passed")) => self.passed += n,
            Some((n, "failed" | "flaky" | "interrupted" | "did")) => self.failed += n,
            _ => {}
        }
    }

    /// Adds what kosoku says at its end: `263 cases passed`, `2 of 263 cases failed:`.
    pub(crate) fn see_kosoku(&mut self, line: &str) {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            [n, "cases", "passed"] => self.passed += n.parse().unwrap_or(0),
            [failed, "of", all, "cases", "failed:"] => {
                let (failed, all) = (failed.parse().unwrap_or(1), all.parse().unwrap_or(1));
                self.failed += failed;
                self.passed += u64::saturating_sub(all, failed);
            }
            _ => {}
        }
    }
}

fn number_and_word(text: &str) -> Option<(u64, &str)> {
    let mut words = text.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_add_up() {
        let mut counts = Counts::default();
        counts.see_cargo("running 3 tests");
        counts.see_cargo(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s",
        );
        counts.see_cargo("test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        assert_eq!(counts, Counts { passed: 8, failed: 2 });
    }

    #[test]
    fn kosoku_results_add_up() {
        let mut counts = Counts::default();
        for line in [
            "wrote reports for 9 cases to x/",
            "7 of 23 cases failed:",
            "  9.3.1: behavior=FAILED",
            "247 cases passed",
        ] {
            counts.see_kosoku(line);
        }
        assert_eq!(counts, Counts { passed: 263, failed: 7 });
    }

    #[test]
    fn playwright_results_add_up() {
        let mut counts = Counts::default();
        for line in [
            "  ✓  1 [dark] › first-run.spec.ts:9:1 › 3 passed (2s)",
            "  1 failed",
            "    [dark] › a",
            "  1 flaky",
        ] {
            counts.see_playwright(line);
        }
        counts.see_playwright("  2 did not run");
        counts.see_playwright("  27 passed (1.2m)");
        assert_eq!(counts, Counts { passed: 27, failed: 4 });
    }
}
