//! AMAZON_EVENTBRIDGE: an event bus (spec appsync-service 8.1.1, appsync-js 4.3).

use crate::backend::event_bus::parts_of_arn;
use crate::error::Diagnostic;
use crate::project::data_sources::DataSourceKind;
use crate::project::reader::{Named, Reader, Section};

pub(super) const KEYS: &[&str] = &["eventBusArn"];

pub(super) fn read(member: &Named, config: &Section, what: &str, reader: &mut Reader) -> Option<DataSourceKind> {
    let Some(node) = config.get("eventBusArn") else {
        reader.error(format!("{what} has no `config.eventBusArn`"), &member.range);
        return None;
    };
    let arn = reader.text(node, "eventBusArn")?;
    if parts_of_arn(&arn.value).is_none() {
        let problem = Diagnostic::error(format!("`{}` is no ARN of an event bus", arn.value));
        let help = "it looks like `arn:aws:events:eu-central-1:123456789012:event-bus/orders`";
        reader.report(problem.help(help), &arn.range);
        return None;
    }
    Some(DataSourceKind::EventBridge { event_bus_arn: arn.value })
}
