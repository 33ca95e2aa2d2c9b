//! A checked schema in the form of a prepared project: what `parse` and `build` come to, without the texts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Place, SourceFile};
use crate::schema::{AccessDirective, AccessKind, Introspection, NameMap, Schema, TypeDefinition};
use crate::value::Str;

/// A schema that [`Schema::from_prepared`] makes ready without checking it again.
#[derive(Serialize, Deserialize)]
pub struct PreparedSchema {
    types: NameMap<TypeDefinition>,
    query_type: Str,
    mutation_type: Option<Str>,
    subscription_type: Option<Str>,
    access_directives: Vec<PreparedDirective>,
}

#[derive(Serialize, Deserialize)]
struct PreparedDirective {
    type_name: Str,
    field_name: Option<Str>,
    kind: AccessKind,
    groups: Option<Arc<[Str]>>,
    is_on_interface: bool,
    /// Of its file, and where in it.
    place: (Str, usize, usize),
}

impl Schema {
    /// The schema as a prepared project has it.
    pub fn prepare(&self) -> PreparedSchema {
        let directives = self.access_directives.iter().map(|directive| {
            let AccessDirective { type_name, field_name, kind, groups, is_on_interface, place } = directive.clone();
            let place = (place.file.path.clone(), place.start, place.end);
            PreparedDirective { type_name, field_name, kind, groups, is_on_interface, place }
        });
        PreparedSchema {
            types: self.types.clone(),
            query_type: self.query_type.clone(),
            mutation_type: self.mutation_type.clone(),
            subscription_type: self.subscription_type.clone(),
            access_directives: directives.collect(),
        }
    }

    /// The schema of `files`, which is what was prepared. They are read when somebody asks for introspection.
    pub fn from_prepared(prepared: PreparedSchema, files: &[Arc<SourceFile>]) -> Schema {
        let directives = prepared.access_directives.into_iter().filter_map(|directive| {
            let PreparedDirective { type_name, field_name, kind, groups, is_on_interface, place } = directive;
            let (path, start, end) = place;
            let file = files.iter().find(|file| file.path == path)?.clone();
            let place = Place { file, start, end };
            Some(AccessDirective { type_name, field_name, kind, groups, is_on_interface, place })
        });
        Schema {
            types: prepared.types,
            query_type: prepared.query_type,
            mutation_type: prepared.mutation_type,
            subscription_type: prepared.subscription_type,
            access_directives: directives.collect(),
            introspection: Introspection::of_files(files),
        }
    }
}
