//! Series: one data source of one identifier over time.

use crate::metric::{DsType, Identifier, Interval};
use std::sync::Arc;

/// One data source of one identifier over time.
#[derive(Clone, Debug)]
pub struct Series {
    /// Who it is about.
    pub identifier: Arc<Identifier>,
    /// Which value of the list it is, from 0.
    pub ds_index: usize,
    /// Name of the data source: from types.db, or its position (`0`, `1`, …; `value` for a single
    /// one) where the type is unknown or has another number of data sources.
    pub ds_name: Box<str>,
    /// How many values the list has.
    pub ds_count: usize,
    /// How its numbers are to be read: what the datagram said.
    pub kind: DsType,
    /// Whether types.db knows the type with this number of data sources.
    pub known_type: bool,
    /// Least value that makes sense (of the rate, where there is one).
    pub min: Option<f64>,
    /// Greatest value that makes sense (of the rate, where there is one).
    pub max: Option<f64>,
    /// Promised time between samples: the newest told, else estimated from the samples' distance,
    /// else 10 s.
    pub interval: Interval,
}
