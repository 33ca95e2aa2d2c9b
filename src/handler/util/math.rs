//! `util.math` (spec appsync-js 2.8).

use super::{Refusal, Scope, number};
use crate::value::Value;

/// Java's `Math.round`: the nearest whole number, halves up.
pub fn round_num(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok((number("math.roundNum", arguments, 0)? + 0.5).floor().into())
}

pub fn min_val(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(number("math.minVal", arguments, 0)?.min(number("math.minVal", arguments, 1)?).into())
}

pub fn max_val(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(number("math.maxVal", arguments, 0)?.max(number("math.maxVal", arguments, 1)?).into())
}

pub fn random_double(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    Ok(random(scope).into())
}

/// A whole number from the lower bound up to, but without, the upper one: AWS leaves the upper bound open.
pub fn random_within_range(scope: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let low = number("math.randomWithinRange", arguments, 0)?.floor();
    let high = number("math.randomWithinRange", arguments, 1)?.floor();
    if low > high {
        return Err(Refusal::failed("util.math.randomWithinRange: the lower bound is above the upper one"));
    }
    Ok((low + (random(scope) * (high - low)).floor()).into())
}

/// Uniform in [0, 1), with the 53 bits that a double holds.
pub fn random(scope: &mut Scope) -> f64 {
    let bits = u128::from_be_bytes(scope.clock.random_bytes()) >> 75;
    bits as f64 / (1_u64 << 53) as f64
}
