//! The order of names: as people expect it.

use std::cmp::Ordering;

/// The order people expect: runs of digits compare as numbers (`web-2` before `web-10`). Only
/// equal texts are equal: `web-02` and `web-2` are two.
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some((&x, left_rest)), Some((&y, right_rest))) =
            (left.split_first(), right.split_first())
        else {
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, n) = (number(&mut left), number(&mut right));
            match m.len().cmp(&n.len()).then_with(|| m.cmp(n)) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        } else if x == y {
            (left, right) = (left_rest, right_rest);
        } else {
            return x.cmp(&y);
        }
    }
}

/// Splits the digits off the front, without leading zeros.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits).unwrap_or((text, &[]));
    *text = rest;
    let zeros = number.iter().take_while(|&&byte| byte == b'0').count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_compare_as_numbers() {
        let sorted = ["a", "a-2", "a-02", "a-10", "a-10b", "a-99999999999999999999999", "b"];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                if (*a, *b) != ("a-2", "a-02") && (*a, *b) != ("a-02", "a-2") {
                    assert_eq!(natural_cmp(a, b), i.cmp(&j), "{a} {b}");
                }
            }
        }
        assert_ne!(natural_cmp("a-2", "a-02"), Ordering::Equal);
    }

    proptest::proptest! {
        #[test]
        fn natural_order_is_an_order(names in proptest::array::uniform3("[a0-9-]{0,6}")) {
            let [a, b, c] = names;
            proptest::prop_assert_eq!(natural_cmp(&a, &b), natural_cmp(&b, &a).reverse());
            proptest::prop_assert_eq!(natural_cmp(&a, &b) == Ordering::Equal, a == b);
            if natural_cmp(&a, &b).is_le() && natural_cmp(&b, &c).is_le() {
                proptest::prop_assert!(natural_cmp(&a, &c).is_le());
            }
        }
    }
}
