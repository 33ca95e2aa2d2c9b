//! Values of expressions, and what they count as in a condition.

use std::cmp::Ordering;

use super::{Interpreter, Interrupt};
use crate::handler::vtl::ast::{Binary, Block, Expression, Operator};
use crate::handler::vtl::java::{JavaValue, Thrown, number};
use crate::value::Str;

/// Longest range. Ours; a loop takes no more than a thousand rounds.
const RANGE: i64 = 100_000;

impl Interpreter<'_> {
    pub fn value(&mut self, expression: &Expression) -> Result<JavaValue, Interrupt> {
        self.heap.spend(1)?;
        Ok(match expression {
            Expression::Null => JavaValue::Null,
            Expression::Boolean(value) => (*value).into(),
            Expression::Value(value) => value.clone(),
            Expression::Interpolated(block) => self.interpolated(block)?.into(),
            Expression::Reference(reference) => self.reference(reference)?,
            Expression::List(items) => {
                let items: Result<Vec<JavaValue>, Interrupt> = items.iter().map(|item| self.value(item)).collect();
                JavaValue::List(self.heap.new_list(items?)?)
            }
            Expression::Map(members) => {
                let map = self.heap.new_map(Default::default())?;
                for (key, value) in members {
                    let key = self.value(key)?;
                    let value = self.value(value)?;
                    self.heap.put(map, key, value)?;
                }
                JavaValue::Map(map)
            }
            Expression::Range(bounds) => self.range(&bounds.0, &bounds.1)?,
            Expression::Not(operand) => (!self.is_true(operand)?).into(),
            Expression::Binary(binary) => self.binary(binary)?,
        })
    }

    /// The text of a string with references in it.
    fn interpolated(&mut self, block: &Block) -> Result<Str, Interrupt> {
        let mut out = String::new();
        // What a string holds is no output yet; it counts as memory.
        let output_left = self.output_left;
        let result = self.block(block, &mut out);
        self.output_left = output_left;
        result?;
        self.heap.hold(out.len())?;
        Ok(out.into())
    }

    /// What a condition makes of an expression: a literal, a list and the result of arithmetic are false, whatever they
    /// are; a reference is false where it is null or `false`.
    pub fn is_true(&mut self, expression: &Expression) -> Result<bool, Interrupt> {
        match expression {
            Expression::Boolean(value) => Ok(*value),
            Expression::Reference(reference) => Ok(self.reference(reference)?.is_true()),
            Expression::Not(operand) => {
                let operand: Result<bool, Interrupt> = self.deeper(|interpreter| interpreter.is_true(operand));
                Ok(!operand?)
            }
            Expression::Binary(binary) => match binary.operator {
                Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulus => {
                    Ok(false)
                }
                _ => Ok(self.binary(binary)?.is_true()),
            },
            _ => Ok(false),
        }
    }

    fn range(&mut self, first: &Expression, last: &Expression) -> Result<JavaValue, Interrupt> {
        let (first, last) = (self.value(first)?, self.value(last)?);
        let (JavaValue::Integer(first), JavaValue::Integer(last)) = (first, last) else { return Ok(JavaValue::Null) };
        let length = (i64::from(first) - i64::from(last)).abs() + 1;
        if length > RANGE {
            return Err(Thrown::Limit(format!("a range has at most {RANGE} items, this one {length}")).into());
        }
        let items = if first <= last {
            (first..=last).map(JavaValue::Integer).collect()
        } else {
            (last..=first).rev().map(JavaValue::Integer).collect()
        };
        Ok(JavaValue::List(self.heap.new_list(items)?))
    }

    fn binary(&mut self, binary: &Binary) -> Result<JavaValue, Interrupt> {
        self.heap.spend(1)?;
        match binary.operator {
            Operator::And => {
                return Ok((self.is_true(&binary.left)? && self.is_true(&binary.right)?).into());
            }
            Operator::Or => {
                return Ok((self.is_true(&binary.left)? || self.is_true(&binary.right)?).into());
            }
            _ => {}
        }
        let left = self.value(&binary.left)?;
        let right = self.value(&binary.right)?;
        Ok(match binary.operator {
            Operator::Equal => self.is_equal(&left, &right)?.into(),
            Operator::NotEqual => (!self.is_equal(&left, &right)?).into(),
            Operator::Less => (number::compare(&left, &right) == Some(Ordering::Less)).into(),
            Operator::LessOrEqual => number::compare(&left, &right).is_some_and(Ordering::is_le).into(),
            Operator::Greater => (number::compare(&left, &right) == Some(Ordering::Greater)).into(),
            Operator::GreaterOrEqual => number::compare(&left, &right).is_some_and(Ordering::is_ge).into(),
            Operator::Plus if left.as_str().is_some() || right.as_str().is_some() => {
                let mut text = |value: &JavaValue, literal: &Str| match value {
                    JavaValue::Null => Ok(literal.clone()),
                    value => self.text(value),
                };
                let (left, right) = (text(&left, &binary.literals.0)?, text(&right, &binary.literals.1)?);
                self.heap.hold(left.len() + right.len())?;
                let mut joined = String::with_capacity(left.len() + right.len());
                joined.push_str(&left);
                joined.push_str(&right);
                joined.into()
            }
            operator => {
                if let JavaValue::BigInteger(big) = &left {
                    self.heap.hold(big.bits() as usize / 8)?;
                }
                number::arithmetic(operator, &left, &right)?
            }
        })
    }

    /// `==`: numbers by what they are worth, values of one class by `equals`, others by their text.
    fn is_equal(&mut self, left: &JavaValue, right: &JavaValue) -> Result<bool, Interrupt> {
        if left.is_null() || right.is_null() {
            return Ok(left.is_null() && right.is_null());
        }
        if left.is_number() && right.is_number() {
            return Ok(number::compare(left, right) == Some(Ordering::Equal));
        }
        if let (JavaValue::String(left), JavaValue::String(right)) = (left, right) {
            return Ok(left == right);
        }
        if left.class() == right.class() {
            return Ok(self.heap.equals(left, right)?);
        }
        let left = self.text(left)?;
        Ok(left == self.text(right)?)
    }
}
