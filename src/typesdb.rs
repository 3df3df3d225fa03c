//! types.db: which data sources a type has, with their names, DS types and bounds.
//!
//! Datagrams carry no data source names; they come from here, in order. A bad line is told and
//! left out, the lines around it stay. Knows nothing of files: it reads bytes it is handed.
//!
//! Source of the format: collectd's `types.db(5)` and `src/daemon/types_list.c`.

use crate::metric::DsType;
use std::collections::HashMap;

/// The data sets by type name.
#[derive(Clone, Debug, Default)]
pub struct TypesDb {
    types: HashMap<Box<str>, DataSet>,
}

/// The data sources of a type, in the order of the values in a datagram; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// One per value.
    pub sources: Box<[DataSource]>,
}

/// One number of a value list.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSource {
    /// Its name, such as `rx`.
    pub name: Box<str>,
    /// How it is to be read. A datagram that says otherwise is right.
    pub ds_type: DsType,
    /// Least value that makes sense, of the rate where there is one; `None` is unbounded.
    pub min: Option<f64>,
    /// Greatest value that makes sense, of the rate where there is one; `None` is unbounded.
    pub max: Option<f64>,
}

impl TypesDb {
    /// The data set of `type_name`, if it is known.
    pub fn get(&self, type_name: &str) -> Option<&DataSet> {
        self.types.get(type_name)
    }

    /// How many types are known.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether no type is known.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }
}
