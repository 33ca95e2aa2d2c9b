//! `util.math` (spec appsync-js 2.8).

use super::{Refusal, Scope, argument, number};
use crate::value::{Number, Value};

/// Java's `Math.round`: the nearest whole number, halves up, held within 64 bits.
pub fn round_num(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    if let Some(Number::Int(whole)) = argument(arguments, 0).as_number() {
        return Ok((*whole).into());
    }
    let number = number("math.roundNum", arguments, 0)?;
    // Not `floor(x + 0.5)`: the sum rounds 0.49999999999999994 up.
    let below = number.floor();
    let rounded = if number - below >= 0.5 { below + 1.0 } else { below };
    Ok((rounded as i64).into())
}

pub fn min_val(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let is_first = number("math.minVal", arguments, 0)? <= number("math.minVal", arguments, 1)?;
    Ok(argument(arguments, usize::from(!is_first)).clone())
}

pub fn max_val(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let is_first = number("math.maxVal", arguments, 0)? >= number("math.maxVal", arguments, 1)?;
    Ok(argument(arguments, usize::from(!is_first)).clone())
}

pub fn random_double(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    Ok(random(scope).into())
}

/// A whole number from the lower bound up to, but without, the upper one; the lower one where both are the same.
/// UNCONFIRMED: that the upper bound is left out (spec appsync-js 2.8).
pub fn random_within_range(scope: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let low = number("math.randomWithinRange", arguments, 0)?.floor();
    let high = number("math.randomWithinRange", arguments, 1)?.floor();
    if low > high {
        return Err(Refusal::failed(format!(
            "util.math.randomWithinRange: the lower bound is above the upper one, got {low} and {high}"
        )));
    }
    // The bounds may lie so far apart that their distance is no double, and so high that not every whole number is one.
    let share = random(scope);
    let drawn = (low * (1.0 - share) + high * share).floor();
    Ok(drawn.clamp(low, (high - 1.0).max(low)).into())
}

/// Uniform in [0, 1), with the 53 bits that a double holds.
pub fn random(scope: &mut Scope) -> f64 {
    let bits = u128::from_be_bytes(scope.clock.random_bytes()) >> 75;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::context::Effects;

    fn call(function: super::super::Function, arguments: &[Value], seed: u64) -> Value {
        let clock = Clock::fixed(0, seed);
        let mut effects = Effects::default();
        let mut scope = Scope { clock: &clock, identity: &Value::Null, effects: &mut effects };
        function(&mut scope, arguments).unwrap()
    }

    #[test]
    fn numbers_round_as_java_rounds_them() {
        for (number, rounded) in [
            (0.5, 1),
            (-0.5, 0),
            (1.5, 2),
            (-1.5, -1),
            (2.5, 3),
            (-2.5, -2),
            (0.49999999999999994, 0),
            (4503599627370497.5, 4503599627370498),
            (9007199254740993.0, 9007199254740992),
            (1e300, i64::MAX),
            (-1e300, i64::MIN),
        ] {
            assert_eq!(call(round_num, &[number.into()], 0), rounded.into(), "{number}");
        }
    }

    #[test]
    fn the_smaller_and_the_larger_keep_all_their_digits() {
        let [one, two] = ["12345678901234567890123", "12345678901234567890124.5"]
            .map(|text| Value::from(Number::parse(text).unwrap()));
        assert_eq!(call(max_val, &[one.clone(), 5.into()], 0), one);
        assert_eq!(call(min_val, &[two.clone(), f64::MAX.into()], 0), two);
    }

    #[test]
    fn random_numbers_stay_between_their_bounds() {
        for (low, high) in [(0.0, 3.0), (-5.0, -4.0), (7.0, 7.0), (f64::MIN, f64::MAX), (9.0e15, 9.1e15)] {
            for seed in 0..200 {
                let drawn = call(random_within_range, &[low.into(), high.into()], seed).as_f64().unwrap();
                assert!(drawn >= low && (drawn < high || low == high), "{drawn} for {low} to {high}");
            }
        }
        let drawn = |seed| call(random_within_range, &[0.into(), 3.into()], seed).as_i64().unwrap();
        assert_eq!((0..100).map(drawn).collect::<std::collections::BTreeSet<_>>(), [0, 1, 2].into());
    }
}
