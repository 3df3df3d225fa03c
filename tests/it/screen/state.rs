//! The state of the window, and the csv files it is compared with.

use crate::support::daemon::Csv;
use serde_json::Value;
use std::collections::HashMap;

pub(super) fn number(status: &Value, name: &str) -> f64 {
    status[name].as_f64().unwrap()
}

pub(super) fn count(status: &Value, name: &str) -> u64 {
    status[name].as_u64().unwrap()
}

pub(super) fn panels(status: &Value) -> &[Value] {
    status["panels"].as_array().unwrap()
}

pub(super) fn lines(panel: &Value) -> &[Value] {
    panel["lines"].as_array().unwrap()
}

pub(super) fn panel<'a>(status: &'a Value, title: &str) -> Option<&'a Value> {
    panels(status).iter().find(|panel| panel["title"] == title)
}

/// Values that the csv plugin wrote.
pub(super) fn cells(csv: &Csv) -> u64 {
    csv.values().flat_map(|rows| rows.values()).map(|cells| cells.len() as u64).sum()
}

/// Series of which csv plugins wrote something: data sources of distinct identifiers.
pub(super) fn series(all: &[Csv]) -> u64 {
    let rows = all.iter().flatten();
    let width = |rows: &HashMap<String, Vec<String>>| rows.values().map(Vec::len).max();
    let widths: HashMap<_, _> = rows.map(|(name, rows)| (name, width(rows))).collect();
    widths.into_values().flatten().map(|width| width as u64).sum()
}

/// Rows of a csv file in order of time, of one data source; those that are not numbers left out.
pub(super) fn rows(csv: &Csv, identifier: &str, source: usize) -> Vec<(f64, f64)> {
    let rows = csv.get(identifier).into_iter().flatten();
    let mut all: Vec<(f64, f64)> = rows
        .filter_map(|(time, cells)| Some((time.parse().ok()?, cells.get(source)?.parse().ok()?)))
        .filter(|(_, value): &(f64, f64)| value.is_finite())
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// Position of a line's data source in its type.
pub(super) fn source_of(line: &Value) -> usize {
    match line["label"].as_str().unwrap() {
        "tx" | "write" | "5 min" => 1,
        "15 min" => 2,
        _ => 0,
    }
}

/// The values from which a line can have been drawn: per csv row, in the panel's unit.
pub(super) fn drawn_values(csv: &Csv, panel: &Value, line: &Value) -> Vec<(f64, f64)> {
    let identifier = line["identifier"].as_str().unwrap();
    let rows_of = |identifier: &str| rows(csv, identifier, source_of(line));
    let scale = if panel["unit"] == "bit/s" { 8.0 } else { 1.0 };
    match panel["unit"].as_str().unwrap() {
        "bit/s" | "B/s" => rows_of(identifier)
            .windows(2)
            .map(|pair| (pair[1].0, scale * (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0)))
            .collect(),
        "%" => processor_means(csv, identifier),
        _ => rows_of(identifier),
    }
}

/// The means of the first processor, of the first two, and so on: each is measured at its own
/// moment of the second, and the last ones may come in a datagram of their own.
fn processor_means(csv: &Csv, identifier: &str) -> Vec<(f64, f64)> {
    let state = identifier.rsplit('/').next().unwrap();
    let names = (0..).map(|n| format!("alpha/cpu-{n}/{state}"));
    let all: Vec<_> =
        names.map(|name| rows(csv, &name, 0)).take_while(|rows| !rows.is_empty()).collect();
    let mut means = Vec::new();
    for &(time, _) in &all[0] {
        let near = |rows: &Vec<(f64, f64)>| {
            rows.iter().find(|row| (row.0 - time).abs() < 0.4).map(|row| row.1)
        };
        let mut sum = 0.0;
        for (count, value) in (1..).zip(all.iter().filter_map(near)) {
            sum += value;
            means.push((time, sum / f64::from(count)));
        }
    }
    means
}

/// What the wire said last is what the csv file says of the same moment; how many were compared.
pub(super) fn compare_raw(status: &Value, csv: &Csv) -> usize {
    let mut compared = 0;
    for line in panels(status).iter().flat_map(lines) {
        let (Some(time), Some(raw)) = (line["last_time"].as_f64(), line["last_raw"].as_f64())
        else {
            continue;
        };
        let identifier = line["identifier"].as_str().unwrap();
        let row = csv.get(identifier).and_then(|rows| rows.get(&format!("{time:.3}")));
        let row = row.unwrap_or_else(|| panic!("{line} is not in {identifier}"));
        let cell = &row[source_of(line)];
        let same = if cell.contains('.') { format!("{raw:.6}") } else { format!("{raw:.0}") };
        assert_eq!(*cell, same, "{line}");
        compared += 1;
    }
    compared
}

/// What is drawn last is one of the newest values of the csv file; how many were compared. The
/// state is written before the frame is drawn, so that the line may be a sample behind.
pub(super) fn compare_drawn(status: &Value, csv: &Csv) -> usize {
    let mut compared = 0;
    for panel in panels(status) {
        for line in lines(panel) {
            let (Some(time), Some(last)) = (line["last_time"].as_f64(), line["last"].as_f64())
            else {
                continue;
            };
            let known = drawn_values(csv, panel, line);
            let newest = known.iter().filter(|row| (time - 2.5..time + 0.5).contains(&row.0));
            let newest: Vec<f64> = newest.map(|row| row.1).collect();
            // The csv file has times in milliseconds, of a second between two samples; and what
            // is stacked is read at one moment, milliseconds from those of its samples.
            let room =
                1e-6 + 0.005 * newest.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            let found = newest.iter().any(|value| (value - last).abs() <= room);
            assert!(found, "{line} is none of {newest:?}");
            compared += 1;
        }
    }
    compared
}
