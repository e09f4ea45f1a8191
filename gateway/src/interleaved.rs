//! Every order in which the steps of several threads can happen. A step is what a thread does under one lock: what shares
//! nothing but what a lock guards has no other orders.

/// What one thread does under one lock.
pub(crate) type Step<W> = fn(&mut W);

/// Takes the threads' steps in every order that keeps each thread's own, each time in a world of its own, and looks at what
/// has become of it; `order` says whose turn it was. Returns how many orders there are.
pub(crate) fn in_every_order<W>(
    threads: &[&[Step<W>]],
    begin: impl Fn() -> W,
    look: impl Fn(W, &[usize]),
) -> usize {
    let (mut orders, mut order) = (0, Vec::new());
    let mut done = vec![0; threads.len()];
    each_order(threads, &mut done, &mut order, &mut |order| {
        orders += 1;
        let (mut world, mut next) = (begin(), vec![0; threads.len()]);
        for thread in order {
            threads[*thread][next[*thread]](&mut world);
            next[*thread] += 1;
        }
        look(world, order);
    });
    orders
}

fn each_order<W>(
    threads: &[&[Step<W>]],
    done: &mut [usize],
    order: &mut Vec<usize>,
    visit: &mut impl FnMut(&[usize]),
) {
    if threads.iter().zip(&*done).all(|(steps, done)| *done == steps.len()) {
        return visit(order);
    }
    for thread in 0..threads.len() {
        if done[thread] < threads[thread].len() {
            done[thread] += 1;
            order.push(thread);
            each_order(threads, done, order, visit);
            order.pop();
            done[thread] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use super::*;

    #[test]
    fn every_order_comes_once() {
        let steps: &[Step<Vec<char>>] = &[|w| w.push('a'), |w| w.push('b')];
        let others: &[Step<Vec<char>>] = &[|w| w.push('1'), |w| w.push('2')];
        let seen = RefCell::new(BTreeSet::new());
        let orders = in_every_order(&[steps, others], Vec::new, |world, order| {
            assert_eq!(order.len(), 4);
            seen.borrow_mut().insert(world.into_iter().collect::<String>());
        });
        let expected = ["12ab", "1a2b", "1ab2", "a12b", "a1b2", "ab12"].map(str::to_owned);
        assert_eq!((orders, seen.into_inner()), (6, BTreeSet::from(expected)));
    }
}
