//! Expressions.

use oxc_ast::ast::*;
use oxc_span::GetSpan;

use super::{CallSite, Code, FrameId, Unfollowed, Walked, Walker, methods, natives};
use crate::handler::possible::heap::Members;
use crate::handler::possible::values::{Atom, Values};
use crate::value::Str;

/// Globals that lead around everything that is followed here.
const UNFOLLOWED: [&str; 7] = ["arguments", "eval", "Function", "globalThis", "Proxy", "Reflect", "Symbol"];

impl<'a> Walker<'a> {
    pub(super) fn expression(&mut self, frame: FrameId, expression: &'a Expression<'a>) -> Walked<Values> {
        self.step()?;
        match expression.get_inner_expression() {
            Expression::StringLiteral(it) => Ok(Values::text(it.value.as_str())),
            Expression::NullLiteral(_) => Ok(Values::nothing()),
            Expression::BooleanLiteral(_) | Expression::NumericLiteral(_) | Expression::BigIntLiteral(_) => {
                Ok(Atom::Scalar.into())
            }
            Expression::RegExpLiteral(_) => Ok(Values::anything()),
            Expression::TemplateLiteral(it) => self.template(frame, it),
            Expression::Identifier(it) => self.name(frame, it),
            Expression::ArrayExpression(it) => self.array(frame, it),
            Expression::ObjectExpression(it) => self.object(frame, it),
            Expression::ArrowFunctionExpression(it) if !it.r#async => Ok(self.function(frame, Code::Arrow(it))),
            Expression::FunctionExpression(it) => Ok(self.function(frame, Code::Function(it))),
            Expression::AssignmentExpression(it) => self.assignment(frame, it),
            Expression::BinaryExpression(it) => {
                let (left, right) = (self.expression(frame, &it.left)?, self.expression(frame, &it.right)?);
                Ok(if it.operator == BinaryOperator::Addition { sum(&left, &right) } else { Atom::Scalar.into() })
            }
            Expression::LogicalExpression(it) => {
                let left = self.expression(frame, &it.left)?;
                let right = self.expression(frame, &it.right)?;
                Ok(either(it.operator, &left, right))
            }
            Expression::ConditionalExpression(it) => {
                self.expression(frame, &it.test)?;
                let consequent = self.expression(frame, &it.consequent)?;
                Ok(self.expression(frame, &it.alternate)?.joined(&consequent))
            }
            Expression::UnaryExpression(it) => self.unary(frame, it),
            Expression::UpdateExpression(it) => {
                self.assign_to_simple(frame, &it.argument, &Atom::Scalar.into())?;
                Ok(Atom::Scalar.into())
            }
            Expression::SequenceExpression(it) => {
                let mut last = Values::nothing();
                for expression in &it.expressions {
                    last = self.expression(frame, expression)?;
                }
                Ok(last)
            }
            Expression::CallExpression(it) => self.call_expression(frame, it),
            Expression::ChainExpression(it) => Ok(self.chain(frame, &it.expression)?.or_nothing()),
            Expression::NewExpression(it) => {
                self.expression(frame, &it.callee)?;
                let arguments = self.arguments(frame, &it.arguments)?;
                arguments.iter().for_each(|argument| self.heap.escape(argument));
                Ok(Values::anything())
            }
            Expression::TaggedTemplateExpression(it) => {
                let tag = self.expression(frame, &it.tag)?;
                for part in &it.quasi.expressions {
                    let values = self.expression(frame, part)?;
                    self.heap.escape(&values);
                }
                self.heap.escape(&tag);
                Ok(Values::anything())
            }
            expression => match expression.as_member_expression() {
                Some(member) => self.member_expression(frame, member),
                // Classes, `this`, generators, `await`.
                None => Err(Unfollowed),
            },
        }
    }

    fn name(&mut self, frame: FrameId, name: &IdentifierReference) -> Walked<Values> {
        let scoping = &self.modules[self.frames[frame].module].scoping;
        let symbol = name.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
        match symbol {
            Some(symbol) => self.variable(frame, symbol, 0),
            None if UNFOLLOWED.contains(&name.name.as_str()) => Err(Unfollowed),
            None => Ok(natives::global(&name.name)),
        }
    }

    fn template(&mut self, frame: FrameId, template: &'a TemplateLiteral<'a>) -> Walked<Values> {
        let mut whole = Values::text("");
        for (index, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.as_ref().map_or("", |text| text.as_str());
            whole = sum(&whole, &Values::text(text));
            if let Some(expression) = template.expressions.get(index) {
                let values = self.expression(frame, expression)?;
                whole = sum(&whole, &values);
            }
        }
        Ok(whole)
    }

    fn array(&mut self, frame: FrameId, array: &'a ArrayExpression<'a>) -> Walked<Values> {
        let mut members = Members::default();
        for element in &array.elements {
            match element {
                ArrayExpressionElement::SpreadElement(it) => {
                    let list = self.expression(frame, &it.argument)?;
                    members.push(&self.items(&list));
                }
                ArrayExpressionElement::Elision(_) => members.push(&Values::nothing()),
                element => members.push(&self.expression(frame, element.as_expression().ok_or(Unfollowed)?)?),
            }
        }
        Ok(self.heap.make(self.site(frame, array.span.start, 0), members))
    }

    fn object(&mut self, frame: FrameId, object: &'a ObjectExpression<'a>) -> Walked<Values> {
        let mut members = Members::default();
        for property in &object.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(it) => {
                    let values = self.expression(frame, &it.argument)?;
                    self.heap.spread(&mut members, &values);
                }
                ObjectPropertyKind::ObjectProperty(it) if it.kind == PropertyKind::Init => {
                    let values = self.expression(frame, &it.value)?;
                    match it.key.static_name() {
                        Some(name) if name == "__proto__" => return Err(Unfollowed),
                        Some(name) => members.set(name.into(), values),
                        None => {
                            let names = self.expression(frame, it.key.as_expression().ok_or(Unfollowed)?)?;
                            members.set_one_of(&names, &values);
                        }
                    }
                }
                ObjectPropertyKind::ObjectProperty(_) => return Err(Unfollowed),
            }
        }
        Ok(self.heap.make(self.site(frame, object.span.start, 0), members))
    }

    fn assignment(&mut self, frame: FrameId, assignment: &'a AssignmentExpression<'a>) -> Walked<Values> {
        let right = self.expression(frame, &assignment.right)?;
        let values = match assignment.operator {
            AssignmentOperator::Assign => right,
            AssignmentOperator::Addition => sum(&self.read_target(frame, &assignment.left)?, &right),
            AssignmentOperator::LogicalAnd | AssignmentOperator::LogicalOr | AssignmentOperator::LogicalNullish => {
                self.read_target(frame, &assignment.left)?.joined(&right)
            }
            _ => Atom::Scalar.into(),
        };
        self.assign_to(frame, &assignment.left, &values)?;
        Ok(values)
    }

    fn read_target(&mut self, frame: FrameId, target: &'a AssignmentTarget<'a>) -> Walked<Values> {
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(name) => self.name(frame, name),
            target => self.member_expression(frame, target.as_member_expression().ok_or(Unfollowed)?),
        }
    }

    fn unary(&mut self, frame: FrameId, unary: &'a UnaryExpression<'a>) -> Walked<Values> {
        if unary.operator == UnaryOperator::Delete {
            let target = unary.argument.get_inner_expression();
            let target = match target {
                Expression::ChainExpression(_) => return Err(Unfollowed),
                target => target.as_member_expression(),
            };
            let (objects, names) = match target {
                Some(MemberExpression::StaticMemberExpression(it)) => {
                    (self.expression(frame, &it.object)?, Values::text(it.property.name.as_str()))
                }
                Some(MemberExpression::ComputedMemberExpression(it)) => {
                    (self.expression(frame, &it.object)?, self.expression(frame, &it.expression)?)
                }
                _ => return Err(Unfollowed),
            };
            for id in objects.objects() {
                match names.only_texts() {
                    Some(names) => names.iter().for_each(|name| self.heap.write(id, name, &Values::nothing())),
                    None => self.heap.write_any(id, &Values::nothing()),
                }
            }
            return Ok(Atom::Scalar.into());
        }
        self.expression(frame, &unary.argument)?;
        Ok(match unary.operator {
            UnaryOperator::Typeof => Atom::Word.into(),
            UnaryOperator::Void => Values::nothing(),
            _ => Atom::Scalar.into(),
        })
    }

    fn chain(&mut self, frame: FrameId, element: &'a ChainElement<'a>) -> Walked<Values> {
        match element {
            ChainElement::CallExpression(it) => self.call_expression(frame, it),
            ChainElement::TSNonNullExpression(it) => self.expression(frame, &it.expression),
            element => self.member_expression(frame, element.as_member_expression().ok_or(Unfollowed)?),
        }
    }

    fn member_expression(&mut self, frame: FrameId, member: &'a MemberExpression<'a>) -> Walked<Values> {
        match member {
            MemberExpression::StaticMemberExpression(it) => {
                let values = self.expression(frame, &it.object)?;
                self.member(&values, &it.property.name)
            }
            MemberExpression::ComputedMemberExpression(it) => {
                let values = self.expression(frame, &it.object)?;
                let names = self.expression(frame, &it.expression)?;
                self.member_of_any_name(&values, &names)
            }
            MemberExpression::PrivateFieldExpression(_) => Err(Unfollowed),
        }
    }

    /// What `value.name` can be.
    pub(super) fn member(&mut self, values: &Values, name: &str) -> Walked<Values> {
        // Lead from any value to what can change any object.
        if name == "constructor" || name.starts_with("__") {
            return Err(Unfollowed);
        }
        let mut found = Values::default();
        for atom in values.iter() {
            match atom {
                Atom::Object(id) => {
                    found.join(&self.heap.read(*id, name));
                    if name == "length" {
                        found.add(Atom::Scalar);
                    }
                    // A method that is taken along: where it is called, it may do what it likes.
                    if methods::exists(name) && !self.heap.may_have(*id, name) {
                        found.add(Atom::Anything);
                    }
                }
                Atom::Anything => found.add(Atom::Anything),
                Atom::Native(path) => found.join(&natives::member(path, name)),
                Atom::Module(number) => found.join(&self.export(*number, name, 0)?),
                // Its length, a character of a text; a function has members that nobody wrote here.
                Atom::Text(_) | Atom::Word | Atom::Escaped | Atom::Json(_) if name != "length" => {
                    found.add(Atom::Anything)
                }
                Atom::Function(_) if name != "length" => found.add(Atom::Anything),
                Atom::Nothing => found.add(Atom::Nothing),
                _ => found.add(Atom::Scalar),
            }
        }
        Ok(found)
    }

    pub(super) fn member_of_any_name(&mut self, values: &Values, names: &Values) -> Walked<Values> {
        if let Some(names) = names.only_texts() {
            let mut found = Values::default();
            for name in names {
                found.join(&self.member(values, &name)?);
            }
            return Ok(found);
        }
        let mut found = Values::default();
        for atom in values.iter() {
            match atom {
                Atom::Object(id) => found.join(&self.heap.read_all(*id).or_nothing()),
                Atom::Native(_) | Atom::Module(_) | Atom::Function(_) => return Err(Unfollowed),
                Atom::Nothing | Atom::Scalar => found.add(Atom::Nothing),
                _ => found.add(Atom::Anything),
            }
        }
        Ok(found)
    }

    /// What going through `values` item by item gives.
    pub(super) fn items(&self, values: &Values) -> Values {
        let mut items = Values::default();
        for atom in values.iter() {
            match atom {
                Atom::Object(id) => items.join(&self.heap.read_all(*id)),
                Atom::Nothing | Atom::Scalar => {}
                _ => items.add(Atom::Anything),
            }
        }
        items
    }

    /// A new list of such items.
    pub(super) fn list_of(&mut self, frame: FrameId, place: u32, part: u8, items: &Values) -> Values {
        self.heap.make(self.site(frame, place, part), Members::list(items))
    }

    fn call_expression(&mut self, frame: FrameId, call: &'a CallExpression<'a>) -> Walked<Values> {
        let site = CallSite { frame, place: call.span.start.wrapping_add(call.callee.span().size()) };
        let arguments = |walker: &mut Self| walker.arguments(frame, &call.arguments);
        let callee = match call.callee.get_inner_expression() {
            Expression::ChainExpression(it) => it.expression.as_member_expression(),
            callee => callee.as_member_expression(),
        };
        let (receivers, names) = match callee {
            Some(MemberExpression::StaticMemberExpression(it)) => {
                (self.expression(frame, &it.object)?, Values::text(it.property.name.as_str()))
            }
            Some(MemberExpression::ComputedMemberExpression(it)) => {
                (self.expression(frame, &it.object)?, self.expression(frame, &it.expression)?)
            }
            Some(MemberExpression::PrivateFieldExpression(_)) => return Err(Unfollowed),
            None => {
                let callee = self.expression(frame, &call.callee)?;
                let arguments = arguments(self)?;
                return self.call(&callee, &arguments, site);
            }
        };
        let arguments = arguments(self)?;
        let Some(names) = names.only_texts() else {
            // Any method: what it has is not followed any more.
            let callee = self.member_of_any_name(&receivers, &names)?;
            for values in arguments.iter().chain([&receivers, &callee]) {
                self.heap.escape(values);
            }
            return Ok(Values::anything());
        };
        let mut returned = Values::default();
        for name in names {
            returned.join(&self.call_method(&receivers, &name, &arguments, site)?);
        }
        Ok(returned)
    }

    /// The values of arguments in their order. Those from a spread on can each be any of what follows.
    fn arguments(&mut self, frame: FrameId, arguments: &'a [Argument<'a>]) -> Walked<Vec<Values>> {
        let mut all = Vec::with_capacity(arguments.len());
        let mut spread: Option<Values> = None;
        for argument in arguments {
            match argument {
                Argument::SpreadElement(it) => {
                    let list = self.expression(frame, &it.argument)?;
                    let items = self.items(&list).or_nothing();
                    spread.get_or_insert_default().join(&items);
                }
                argument => {
                    let values = self.expression(frame, argument.as_expression().ok_or(Unfollowed)?)?;
                    match &mut spread {
                        Some(spread) => spread.join(&values),
                        None => all.push(values),
                    }
                }
            }
        }
        if let Some(spread) = spread {
            // More than any function here takes.
            all.extend(std::iter::repeat_n(spread, SPREAD_ARGUMENTS));
        }
        Ok(all)
    }
}

/// Arguments that a spread counts as.
const SPREAD_ARGUMENTS: usize = 16;

/// `left + right`: texts are joined.
fn sum(left: &Values, right: &Values) -> Values {
    let mut result = Values::default();
    for left in left.iter() {
        for right in right.iter() {
            result.add(match (left, right) {
                (Atom::Text(left), Atom::Text(right)) => Atom::Text(Str::from(format!("{left}{right}"))),
                (Atom::Nothing | Atom::Scalar, Atom::Nothing | Atom::Scalar) => Atom::Scalar,
                _ => Atom::Anything,
            });
        }
    }
    result
}

/// What a logical operator can give.
fn either(operator: LogicalOperator, left: &Values, right: Values) -> Values {
    let is_object =
        |atom: &Atom| matches!(atom, Atom::Object(_) | Atom::Function(_) | Atom::Native(_) | Atom::Module(_));
    match operator {
        // What counts as false is no object, and no text with anything in it.
        LogicalOperator::And => left.iter().fold(right, |mut result, atom| {
            match atom {
                Atom::Nothing | Atom::Scalar => result.add(atom.clone()),
                Atom::Text(text) if text.is_empty() => result.add(atom.clone()),
                Atom::Anything => [Atom::Nothing, Atom::Scalar].into_iter().for_each(|atom| result.add(atom)),
                _ => {}
            }
            result
        }),
        LogicalOperator::Or => {
            let is_true = |atom: &Atom| is_object(atom) || matches!(atom, Atom::Text(text) if !text.is_empty());
            if left.iter().all(is_true) {
                return left.clone();
            }
            let is_false = |atom: &Atom| *atom == Atom::Nothing || *atom == Atom::Text(Str::default());
            left.without(is_false).joined(&right)
        }
        LogicalOperator::Coalesce if !left.may_be_nothing() => left.clone(),
        LogicalOperator::Coalesce => left.without(|atom| *atom == Atom::Nothing).joined(&right),
    }
}
