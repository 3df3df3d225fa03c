//! What a selection shows of a store: panels, plots, bars and the rows of the tree.

mod bars;
mod command;
mod empty;
mod fleet;
mod health;
mod notifications;
mod palette;
mod panels;
mod pick;
mod plot;
mod rows;
mod rules;
mod selector;
mod senders;

use crate::feed::{NOW, SOURCE};
use collectoscope::ingest::Ingest;
use collectoscope::metric::{CdTime, Identifier, Interval, Span, Value};
use collectoscope::store::{Mode, SeriesId, Store};
use collectoscope::typesdb::TypesDb;
use collectoscope::view::graphs::Graphs;
use collectoscope::view::panels::{Panel, panels};
use collectoscope::view::plot::{Grid, PanelPlot, PlotLine, Scratch, Traces};
use collectoscope::view::selection::{Scope, Selection};
use collectoscope::wire::{Encoder, SecurityLevel};
use std::net::{Ipv4Addr, SocketAddr};

/// A store that datagrams come into, and what is picked of it.
struct Screen {
    store: Store,
    ingest: Ingest,
    encoder: Encoder,
    graphs: Graphs,
    selection: Selection,
    interval_secs: f64,
    /// Of what was sent last.
    newest_secs: f64,
}

/// `host/plugin-instance/type-instance`; an instance may hold more dashes.
fn identifier(name: &str) -> Identifier {
    let mut parts = name.splitn(3, '/');
    let host = parts.next().unwrap();
    let (plugin, type_) = (parts.next().unwrap(), parts.next().unwrap());
    let (plugin, plugin_instance) = plugin.split_once('-').unwrap_or((plugin, ""));
    let (type_, type_instance) = type_.split_once('-').unwrap_or((type_, ""));
    Identifier::new(host, plugin, plugin_instance, type_, type_instance)
}

fn gauges(values: &[f64]) -> Vec<Value> {
    values.iter().map(|&value| Value::Gauge(value)).collect()
}

/// A moment `secs` after [`NOW`].
fn at(secs: f64) -> CdTime {
    CdTime::from_secs_f64(NOW as f64 + secs)
}

fn span(from: f64, to: f64) -> Span {
    Span::new(at(from), at(to))
}

fn scope_of_host(host: &str) -> Scope {
    Scope::Host(host.into())
}

fn scope_of_plugin(host: &str, plugin: &str, instance: &str) -> Scope {
    Scope::Plugin { host: host.into(), plugin: plugin.into(), instance: instance.into() }
}

impl Screen {
    /// Nothing sent yet; what is sent promises to come every `interval_secs`.
    fn new(interval_secs: f64) -> Self {
        Self {
            store: Store::new(256 << 20, TypesDb::built_in()),
            ingest: Ingest::new(),
            encoder: Encoder::default(),
            graphs: Graphs::built_in(),
            selection: Selection::default(),
            interval_secs,
            newest_secs: 0.0,
        }
    }

    /// One host `h` whose overview is picked, with one value list each; all gauges but counted
    /// where the type is.
    fn of_host(names: &[&str]) -> Self {
        let mut screen = Self::new(10.0);
        for name in names {
            screen.send(name, 0.0, &sample_of(name));
        }
        screen.receive();
        screen.select(scope_of_host("h"));
        screen
    }

    /// Sends one value list, measured `secs` after [`NOW`].
    fn send(&mut self, name: &str, secs: f64, values: &[Value]) {
        self.send_named(&identifier(name), secs, values);
    }

    fn send_named(&mut self, names: &Identifier, secs: f64, values: &[Value]) {
        let sender = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        let interval = Interval::from_secs_f64(self.interval_secs);
        self.newest_secs = self.newest_secs.max(secs);
        let ingest = &mut self.ingest;
        let mut send = |bytes: &[u8]| ingest.datagram(bytes, sender, at(secs), SecurityLevel::None);
        self.encoder.push(&names.names(), at(secs), interval, values, &mut send).unwrap();
    }

    /// Takes in what was sent.
    fn receive(&mut self) {
        let ingest = &mut self.ingest;
        let sender = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        self.encoder.flush(&mut |bytes: &[u8]| {
            ingest.datagram(bytes, sender, at(self.newest_secs), SecurityLevel::None)
        });
        self.store.absorb(SOURCE, &self.ingest.take(None), at(self.newest_secs));
    }

    /// Sends one gauge per sample and takes it in.
    fn gauge(&mut self, name: &str, samples: impl IntoIterator<Item = (f64, f64)>) {
        for (secs, value) in samples {
            self.send(name, secs, &[Value::Gauge(value)]);
        }
        self.receive();
    }

    fn select(&mut self, scope: Scope) {
        self.selection.select(scope);
    }

    /// The series called `name`, by data source.
    fn ids(&self, name: &str) -> Vec<SeriesId> {
        let wanted = identifier(name);
        let named = |id: &SeriesId| *self.store.series(*id).unwrap().identifier == wanted;
        self.store.ids().filter(named).collect()
    }

    fn check(&mut self, name: &str, shown: bool) {
        let ids = self.ids(name);
        assert!(!ids.is_empty(), "{name}");
        self.set(ids, shown);
    }

    fn set(&mut self, ids: impl IntoIterator<Item = SeriesId>, shown: bool) {
        let key = |id| self.store.series(id).unwrap().key();
        let keys: Vec<_> = ids.into_iter().map(key).collect();
        self.selection.set(&keys, shown);
    }

    fn panels(&self) -> Vec<Panel> {
        panels(&self.store, &self.graphs, &self.selection)
    }

    fn titles(&self) -> Vec<String> {
        self.panels().into_iter().map(|panel| panel.title).collect()
    }

    #[track_caller]
    fn panel(&self, title: &str) -> Panel {
        let found = self.panels().into_iter().find(|panel| panel.title == title);
        found.unwrap_or_else(|| panic!("no panel {title} among {:?}", self.titles()))
    }

    #[track_caller]
    fn plot(&self, title: &str, (from, to): (f64, f64), columns: usize, mode: Mode) -> PanelPlot {
        self.plot_of(&self.panel(title), (from, to), columns, mode)
    }

    fn plot_of(
        &self,
        panel: &Panel,
        (from, to): (f64, f64),
        columns: usize,
        mode: Mode,
    ) -> PanelPlot {
        let (mut plot, mut traces, mut grid) =
            (PanelPlot::default(), Traces::default(), Grid::default());
        let scratch = Scratch { traces: &mut traces, grid: &mut grid };
        plot.fill(panel, &self.store, span(from, to), columns, mode, scratch);
        plot
    }
}

/// One value list that suits the type: as types.db has it.
fn sample_of(name: &str) -> Vec<Value> {
    match &*identifier(name).type_ {
        "if_octets" | "disk_octets" | "disk_io_time" => vec![Value::Derive(0); 2],
        "cpu" | "irq" | "requests" => vec![Value::Derive(0)],
        "load" => gauges(&[0.5; 3]),
        "df" => gauges(&[1.0, 3.0]),
        _ => gauges(&[1.0]),
    }
}

/// What the legend calls the lines that are drawn.
fn labels(panel: &Panel) -> Vec<&str> {
    panel.drawn().map(|line| line.label.as_str()).collect()
}

/// Times (after [`NOW`], to a millisecond) and heights of a line.
fn points(line: &PlotLine) -> Vec<(f64, f64)> {
    line.points.iter().map(|point| (millis(point.t), point.y)).collect()
}

/// Seconds after [`NOW`], to a millisecond.
fn millis(t: f64) -> f64 {
    ((t - NOW as f64) * 1e3).round() / 1e3
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * a.abs().max(b.abs()).max(1.0)
}

/// Rows by host, as the `revision`th change of the tree.
fn update(
    rows: &mut collectoscope::view::tree::Rows,
    store: &Store,
    filter: &collectoscope::view::selector::Selector,
    open: &std::collections::HashSet<collectoscope::view::tree::RowName>,
    revision: u64,
) -> Option<collectoscope::view::tree::FilterJob> {
    rows.update(
        store,
        &collectoscope::view::tree::Wanted {
            filter,
            open,
            pivot: Default::default(),
            arranged: &Default::default(),
            revision,
        },
    )
}
