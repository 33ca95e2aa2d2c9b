//! What an operation may cost, known before anything runs: the number of resolvers that it can come to, with the sizes of
//! lists taken from the arguments that ask for them. AppSync has no such limit.

use crate::execute::plan::{FieldKind, FieldPlan, OutputType, Plan, Planner};
use crate::limits::CostLimit;
use crate::value::Value;

/// Arguments that say how many items a page has.
const SIZE_ARGUMENTS: [&str; 4] = ["limit", "first", "last", "pageSize"];

/// Fields looked at. Ours: fragments and aliases can ask for exponentially many that cost nothing.
const FIELDS: usize = 20_000;

/// Counts resolvers until it is known whether there are too many.
pub struct Estimate<'a> {
    planner: Planner<'a>,
    limit: &'a CostLimit,
    fields: usize,
}

/// The selection is too large to be counted.
struct Uncountable;

impl<'a> Estimate<'a> {
    pub fn new(planner: Planner<'a>, limit: &'a CostLimit) -> Estimate<'a> {
        Estimate { planner, limit, fields: 0 }
    }

    /// Whether the operation may run: nothing, or why not.
    pub fn refusal(mut self, plan: &Plan) -> Option<String> {
        let limit = self.limit.resolvers;
        match self.plan(plan, None) {
            Ok(cost) if cost <= limit => None,
            Ok(cost) => Some(format!("Query cost limit of {limit} exceeded: this operation may run {cost} resolvers.")),
            Err(Uncountable) => {
                Some(format!("Query cost limit of {limit} exceeded: this operation selects more than {FIELDS} fields."))
            }
        }
    }

    /// Of one object. `page_size` is what the field around it was asked for, for the lists directly inside.
    fn plan(&mut self, plan: &Plan, page_size: Option<u64>) -> Result<u64, Uncountable> {
        let mut cost = 0_u64;
        for field in &plan.fields {
            cost = cost.saturating_add(self.field(field, page_size)?);
        }
        Ok(cost)
    }

    fn field(&mut self, field: &FieldPlan, page_size: Option<u64>) -> Result<u64, Uncountable> {
        self.fields += 1;
        if self.fields > FIELDS {
            return Err(Uncountable);
        }
        let own = u64::from(matches!(field.kind, FieldKind::Resolver(_)));
        let mut output = &field.output;
        let mut lists = 0;
        let plans = loop {
            match output {
                OutputType::NonNull(inner) => output = inner,
                OutputType::List(item) => (output, lists) = (item, lists + 1),
                OutputType::Scalar(_) | OutputType::Enum(_) => return Ok(own),
                OutputType::Composite { plans, .. } => break plans,
            }
        };
        let asked = self.asked_size(field);
        let (items, inherited) = match lists {
            0 => (1, asked),
            lists => {
                let size = asked.or(page_size).unwrap_or(self.limit.list_size);
                (size.saturating_pow(lists), None)
            }
        };
        let mut dearest = 0;
        for (type_name, slot) in plans {
            let plan = self.planner.sub_plan(field, type_name, slot);
            dearest = dearest.max(self.plan(plan, inherited)?);
        }
        Ok(own.saturating_add(items.saturating_mul(dearest)))
    }

    /// How many items the field's arguments ask for: a page size, or the length of the only list among them.
    fn asked_size(&self, field: &FieldPlan) -> Option<u64> {
        let arguments = field.arguments(self.planner.schema, self.planner.variables);
        let size = |name: &str| match arguments.get(name)? {
            Value::Number(number) => number.to_string().parse::<i64>().ok().map(|size| size.max(0).unsigned_abs()),
            _ => None,
        };
        let lists = || {
            let mut lists = arguments.as_object()?.values().filter_map(Value::as_list);
            let only = lists.next()?;
            lists.next().is_none().then_some(only.len() as u64)
        };
        SIZE_ARGUMENTS.into_iter().find_map(size).or_else(lists)
    }
}
