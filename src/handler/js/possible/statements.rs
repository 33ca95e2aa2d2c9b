//! Statements, and the patterns that take values apart.

use oxc_ast::ast::*;

use super::{FrameId, Unfollowed, Walked, Walker};
use crate::handler::possible::heap::Members;
use crate::handler::possible::values::{Atom, Values};

/// Members that a pattern names before its `...rest`, as far as they are known.
type Taken = Vec<String>;

/// Whether the end of such a list of statements is never reached.
pub(super) fn always_returns(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| match statement {
        Statement::ReturnStatement(_) | Statement::ThrowStatement(_) => true,
        Statement::BlockStatement(block) => always_returns(&block.body),
        Statement::IfStatement(it) => {
            let returns = |statement: &Statement| always_returns(std::slice::from_ref(statement));
            returns(&it.consequent) && it.alternate.as_ref().is_some_and(returns)
        }
        _ => false,
    })
}

impl<'a> Walker<'a> {
    pub(super) fn statements(&mut self, frame: FrameId, statements: &'a [Statement<'a>]) -> Walked<()> {
        statements.iter().try_for_each(|statement| self.statement(frame, statement))
    }

    pub(super) fn statement(&mut self, frame: FrameId, statement: &'a Statement<'a>) -> Walked<()> {
        self.step()?;
        match statement {
            Statement::BlockStatement(it) => self.statements(frame, &it.body),
            Statement::ExpressionStatement(it) => self.expression(frame, &it.expression).map(drop),
            Statement::IfStatement(it) => {
                self.expression(frame, &it.test)?;
                self.statement(frame, &it.consequent)?;
                it.alternate.iter().try_for_each(|other| self.statement(frame, other))
            }
            Statement::ReturnStatement(it) => {
                if let Some(argument) = &it.argument {
                    let values = self.expression(frame, argument)?;
                    self.returns(frame, &values);
                }
                Ok(())
            }
            Statement::ForStatement(it) => {
                match &it.init {
                    Some(ForStatementInit::VariableDeclaration(it)) => self.variables(frame, it)?,
                    Some(init) => drop(self.expression(frame, init.as_expression().ok_or(Unfollowed)?)?),
                    None => {}
                }
                for expression in it.test.iter().chain(&it.update) {
                    self.expression(frame, expression)?;
                }
                self.statement(frame, &it.body)
            }
            Statement::ForOfStatement(it) if !it.r#await => {
                let list = self.expression(frame, &it.right)?;
                let items = self.items(&list);
                self.loop_variable(frame, &it.left, &items)?;
                self.statement(frame, &it.body)
            }
            Statement::ForInStatement(it) => {
                self.expression(frame, &it.right)?;
                self.loop_variable(frame, &it.left, &Values::anything())?;
                self.statement(frame, &it.body)
            }
            Statement::WhileStatement(it) => {
                self.expression(frame, &it.test)?;
                self.statement(frame, &it.body)
            }
            Statement::DoWhileStatement(it) => {
                self.expression(frame, &it.test)?;
                self.statement(frame, &it.body)
            }
            Statement::SwitchStatement(it) => {
                self.expression(frame, &it.discriminant)?;
                for case in &it.cases {
                    if let Some(test) = &case.test {
                        self.expression(frame, test)?;
                    }
                    self.statements(frame, &case.consequent)?;
                }
                Ok(())
            }
            Statement::TryStatement(it) => {
                self.statements(frame, &it.block.body)?;
                if let Some(handler) = &it.handler {
                    if let Some(parameter) = &handler.param {
                        self.bind(frame, &parameter.pattern, &Values::anything())?;
                    }
                    self.statements(frame, &handler.body.body)?;
                }
                it.finalizer.iter().try_for_each(|block| self.statements(frame, &block.body))
            }
            // What is thrown may be caught by code that takes it for anything.
            Statement::ThrowStatement(it) => {
                let thrown = self.expression(frame, &it.argument)?;
                self.heap.escape(&thrown);
                Ok(())
            }
            Statement::LabeledStatement(it) => self.statement(frame, &it.body),
            Statement::BreakStatement(_)
            | Statement::ContinueStatement(_)
            | Statement::EmptyStatement(_)
            | Statement::DebuggerStatement(_)
            | Statement::ImportDeclaration(_)
            | Statement::ExportAllDeclaration(_)
            | Statement::ExportFromDeclaration(_)
            | Statement::ExportNamedDeclaration(_)
            | Statement::TSInterfaceDeclaration(_)
            | Statement::TSTypeAliasDeclaration(_) => Ok(()),
            Statement::VariableDeclaration(it) => self.variables(frame, it),
            Statement::FunctionDeclaration(it) => self.declare_function(frame, it),
            Statement::TSEnumDeclaration(it) => self.declare_enum(frame, it),
            Statement::ExportDeclaration(it) => match &it.declaration {
                Declaration::VariableDeclaration(it) => self.variables(frame, it),
                Declaration::FunctionDeclaration(it) => self.declare_function(frame, it),
                Declaration::TSEnumDeclaration(it) => self.declare_enum(frame, it),
                Declaration::TSInterfaceDeclaration(_) | Declaration::TSTypeAliasDeclaration(_) => Ok(()),
                _ => Err(Unfollowed),
            },
            Statement::ExportDefaultDeclaration(it) => match &it.declaration {
                ExportDefaultDeclarationKind::FunctionDeclaration(it) if it.id.is_some() => {
                    self.declare_function(frame, it)
                }
                ExportDefaultDeclarationKind::FunctionDeclaration(it) => {
                    let function = self.function(frame, super::Code::Function(it));
                    self.export_default(frame, &function);
                    Ok(())
                }
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => Ok(()),
                ExportDefaultDeclarationKind::ClassDeclaration(_) => Err(Unfollowed),
                declaration => {
                    let values = self.expression(frame, declaration.as_expression().ok_or(Unfollowed)?)?;
                    self.export_default(frame, &values);
                    Ok(())
                }
            },
            // Classes, `with`, namespaces.
            _ => Err(Unfollowed),
        }
    }

    fn export_default(&mut self, frame: FrameId, values: &Values) {
        let module = self.frames[frame].module;
        self.heap.grow(&mut self.modules[module].default_export, values);
    }

    fn variables(&mut self, frame: FrameId, declaration: &'a VariableDeclaration<'a>) -> Walked<()> {
        if declaration.declare {
            return Ok(());
        }
        for declarator in &declaration.declarations {
            let values = match &declarator.init {
                Some(init) => self.expression(frame, init)?,
                None => Values::nothing(),
            };
            self.bind(frame, &declarator.id, &values)?;
        }
        Ok(())
    }

    fn declare_function(&mut self, frame: FrameId, function: &'a Function<'a>) -> Walked<()> {
        let (Some(_), Some(id)) = (&function.body, &function.id) else { return Ok(()) };
        let symbol = id.symbol_id.get().ok_or(Unfollowed)?;
        let values = self.function(frame, super::Code::Function(function));
        self.assign(frame, symbol, &values)
    }

    fn declare_enum(&mut self, frame: FrameId, declaration: &'a TSEnumDeclaration<'a>) -> Walked<()> {
        if declaration.declare {
            return Ok(());
        }
        let mut members = Members::default();
        for member in &declaration.body.members {
            let name = match &member.id {
                TSEnumMemberName::Identifier(name) => name.name.as_str(),
                TSEnumMemberName::String(name) | TSEnumMemberName::ComputedString(name) => name.value.as_str(),
                TSEnumMemberName::ComputedTemplateString(_) => return Err(Unfollowed),
            };
            let values = match &member.initializer {
                Some(Expression::StringLiteral(text)) => Values::text(text.value.as_str()),
                // Numbers lead back to the names of their members; other values may name members.
                Some(_) => Values::anything(),
                None => Atom::Scalar.into(),
            };
            members.set(name.into(), values);
        }
        members.push(&Values::anything());
        let symbol = declaration.id.symbol_id.get().ok_or(Unfollowed)?;
        let values = self.heap.make(self.site(frame, declaration.span.start, 0), members);
        self.assign(frame, symbol, &values)
    }

    fn loop_variable(&mut self, frame: FrameId, left: &'a ForStatementLeft<'a>, items: &Values) -> Walked<()> {
        match left {
            ForStatementLeft::VariableDeclaration(it) => {
                it.declarations.iter().try_for_each(|declarator| self.bind(frame, &declarator.id, items))
            }
            left => self.assign_to(frame, left.as_assignment_target().ok_or(Unfollowed)?, items),
        }
    }

    /// Gives a function's parameters their values; without arguments they are anything.
    pub(super) fn bind_parameters(
        &mut self,
        frame: FrameId,
        parameters: &'a FormalParameters<'a>,
        arguments: Option<&[Values]>,
    ) -> Walked<()> {
        for (index, parameter) in parameters.items.iter().enumerate() {
            let values = match arguments {
                Some(arguments) => arguments.get(index).cloned().unwrap_or_else(Values::nothing),
                None => Values::anything(),
            };
            let values = self.or_default(frame, values, parameter.initializer.as_deref())?;
            self.bind(frame, &parameter.pattern, &values)?;
        }
        if let Some(rest) = &parameters.rest {
            let mut members = Members::default();
            match arguments {
                Some(arguments) => arguments.iter().skip(parameters.items.len()).for_each(|value| members.push(value)),
                None => members.push(&Values::anything()),
            }
            let values = self.heap.make(self.site(frame, rest.span.start, 0), members);
            self.bind(frame, &rest.rest.argument, &values)?;
        }
        Ok(())
    }

    /// The value, or the default where there may be none.
    fn or_default(&mut self, frame: FrameId, values: Values, default: Option<&'a Expression<'a>>) -> Walked<Values> {
        match default {
            Some(default) if values.may_be_nothing() => Ok(self.expression(frame, default)?.joined(&values)),
            _ => Ok(values),
        }
    }

    /// Takes values apart into variables.
    pub(super) fn bind(&mut self, frame: FrameId, pattern: &'a BindingPattern<'a>, values: &Values) -> Walked<()> {
        match pattern {
            BindingPattern::BindingIdentifier(it) => {
                let symbol = it.symbol_id.get().ok_or(Unfollowed)?;
                self.assign(frame, symbol, values)
            }
            BindingPattern::AssignmentPattern(it) => {
                let values = self.or_default(frame, values.clone(), Some(&it.right))?;
                self.bind(frame, &it.left, &values)
            }
            BindingPattern::ObjectPattern(it) => {
                let mut taken = Taken::new();
                for property in &it.properties {
                    let member = self.take_member(frame, &property.key, values, &mut taken)?;
                    self.bind(frame, &property.value, &member)?;
                }
                if let Some(rest) = &it.rest {
                    let values = self.rest_of(frame, rest.span.start, values, &taken);
                    self.bind(frame, &rest.argument, &values)?;
                }
                Ok(())
            }
            BindingPattern::ArrayPattern(it) => {
                let items = self.items(values).or_nothing();
                for element in it.elements.iter().flatten() {
                    self.bind(frame, element, &items)?;
                }
                if let Some(rest) = &it.rest {
                    let values = self.list_of(frame, rest.span.start, 0, &items);
                    self.bind(frame, &rest.argument, &values)?;
                }
                Ok(())
            }
        }
    }

    fn take_member(
        &mut self,
        frame: FrameId,
        key: &'a PropertyKey<'a>,
        values: &Values,
        taken: &mut Taken,
    ) -> Walked<Values> {
        match key.static_name() {
            Some(name) => {
                let member = self.member(values, &name)?;
                taken.push(name.into_owned());
                Ok(member)
            }
            None => {
                let names = self.expression(frame, key.as_expression().ok_or(Unfollowed)?)?;
                self.member_of_any_name(values, &names)
            }
        }
    }

    /// What `...rest` of an object pattern holds: a new object.
    fn rest_of(&mut self, frame: FrameId, place: u32, values: &Values, taken: &Taken) -> Values {
        let mut members = Members::default();
        self.heap.spread(&mut members, values);
        for name in taken {
            members.set(name.as_str().into(), Values::nothing());
        }
        self.heap.make(self.site(frame, place, 0), members)
    }

    /// Assigns to whatever stands at the left of `=`.
    pub(super) fn assign_to(
        &mut self,
        frame: FrameId,
        target: &'a AssignmentTarget<'a>,
        values: &Values,
    ) -> Walked<()> {
        if let Some(target) = target.as_simple_assignment_target() {
            return self.assign_to_simple(frame, target, values);
        }
        match target {
            AssignmentTarget::ObjectAssignmentTarget(it) => {
                let mut taken = Taken::new();
                for property in &it.properties {
                    match property {
                        AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(it) => {
                            let member = self.member(values, &it.binding.name)?;
                            taken.push(it.binding.name.to_string());
                            let member = self.or_default(frame, member, it.init.as_ref())?;
                            self.assign_to_name(frame, &it.binding, &member)?;
                        }
                        AssignmentTargetProperty::AssignmentTargetPropertyProperty(it) => {
                            let member = self.take_member(frame, &it.name, values, &mut taken)?;
                            self.assign_to_part(frame, &it.binding, &member)?;
                        }
                    }
                }
                if let Some(rest) = &it.rest {
                    let values = self.rest_of(frame, rest.span.start, values, &taken);
                    self.assign_to(frame, &rest.target, &values)?;
                }
                Ok(())
            }
            AssignmentTarget::ArrayAssignmentTarget(it) => {
                let items = self.items(values).or_nothing();
                for element in it.elements.iter().flatten() {
                    self.assign_to_part(frame, element, &items)?;
                }
                if let Some(rest) = &it.rest {
                    let values = self.list_of(frame, rest.span.start, 0, &items);
                    self.assign_to(frame, &rest.target, &values)?;
                }
                Ok(())
            }
            _ => Err(Unfollowed),
        }
    }

    fn assign_to_part(
        &mut self,
        frame: FrameId,
        target: &'a AssignmentTargetMaybeDefault<'a>,
        values: &Values,
    ) -> Walked<()> {
        match target {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(it) => {
                let values = self.or_default(frame, values.clone(), Some(&it.init))?;
                self.assign_to(frame, &it.binding, &values)
            }
            target => self.assign_to(frame, target.as_assignment_target().ok_or(Unfollowed)?, values),
        }
    }

    fn assign_to_name(&mut self, frame: FrameId, name: &IdentifierReference, values: &Values) -> Walked<()> {
        let scoping = &self.modules[self.frames[frame].module].scoping;
        let symbol = name.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
        self.assign(frame, symbol.ok_or(Unfollowed)?, values)
    }

    pub(super) fn assign_to_simple(
        &mut self,
        frame: FrameId,
        target: &'a SimpleAssignmentTarget<'a>,
        values: &Values,
    ) -> Walked<()> {
        if let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = target {
            return self.assign_to_name(frame, name, values);
        }
        if let Some(member) = target.as_member_expression() {
            return self.assign_to_member(frame, member, values);
        }
        let inner = target.get_expression().ok_or(Unfollowed)?;
        match inner.get_inner_expression() {
            Expression::Identifier(name) => self.assign_to_name(frame, name, values),
            inner => self.assign_to_member(frame, inner.as_member_expression().ok_or(Unfollowed)?, values),
        }
    }

    fn assign_to_member(&mut self, frame: FrameId, member: &'a MemberExpression<'a>, values: &Values) -> Walked<()> {
        let (object, names) = match member {
            MemberExpression::StaticMemberExpression(it) => (&it.object, Values::text(it.property.name.as_str())),
            MemberExpression::ComputedMemberExpression(it) => (&it.object, self.expression(frame, &it.expression)?),
            MemberExpression::PrivateFieldExpression(_) => return Err(Unfollowed),
        };
        if names.contains(&Atom::Text("__proto__".into())) {
            return Err(Unfollowed);
        }
        let objects = self.expression(frame, object)?;
        for atom in objects.iter() {
            match atom {
                Atom::Object(id) => match names.only_texts() {
                    Some(names) => names.iter().for_each(|name| self.heap.write(*id, name, values)),
                    // A number is the place of an item.
                    None if names.iter().all(|name| *name == Atom::Scalar) => self.heap.push(*id, values),
                    None => self.heap.write_any(*id, values),
                },
                // It can be found there again by code that takes it for anything.
                _ => self.heap.escape(values),
            }
        }
        Ok(())
    }
}
