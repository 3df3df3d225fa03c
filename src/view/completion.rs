//! Completion: what the word before the cursor may become, from the names that were received.
//!
//! Words before it narrow the choice: `host:web-1 plugin:` offers the plugins of that host. However
//! many names there are, a bounded number is looked at.

use super::aliases::Aliases;
use super::graphs::Graphs;
use super::selector::{Field, Selector, Sieve, Texts};
use crate::store::{HostNode, ListNode, PluginNode, Store};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::sync::Arc;

/// What a word may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word.
    pub word: String,
    /// What it is: `host`, `field`.
    pub what: &'static str,
}

/// Candidates that are offered.
pub const CANDIDATES_MAX: usize = 8;
/// Of these as many for each field where none was asked for.
const OF_FIELD_MAX: usize = 3;
/// Value lists that are looked at: 0.2 ms, within a frame that was typed into.
const LOOKED_AT_MAX: usize = 8_192;

/// What the word at the end of `text` may become, the likeliest first; at most
/// [`CANDIDATES_MAX`]. Nothing while no character of it is typed. `names` are kept from one call to
/// the next.
pub fn candidates(
    text: &str,
    (store, graphs, aliases): (&Store, &Graphs, &Aliases),
    names: &mut Names,
) -> Vec<Candidate> {
    let start = text.rfind(char::is_whitespace).map_or(0, |at| {
        at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    });
    let (before, word) = text.split_at_checked(start).unwrap_or_default();
    let is_open = Selector::new(before).mistakes().iter().any(|of| of.span.end == before.len());
    let minus = if word.starts_with('-') { 1 } else { 0 };
    let (head, typed) = word.split_at_checked(minus).unwrap_or_default();
    let asked = typed.split_once(':').and_then(|(name, values)| {
        Some((Field::ALL.into_iter().find(|field| field.name() == name)?, values))
    });
    let (field, kept, typed) = match asked {
        Some((field, values)) => {
            let last = values.rfind('|').map_or(0, |at| at + 1);
            let kept = word.len() - values.len() + last;
            (Some(field), kept, values.get(last..).unwrap_or_default())
        }
        None => (None, head.len(), typed),
    };
    let is_literal = typed.starts_with(['"', '/', '<', '>']) || typed.contains(['*', '?', '|']);
    if is_open || is_literal || field.is_none() && typed.is_empty() {
        return Vec::new();
    }
    let mut gather = Gather::new(field, typed);
    let given = asked.map_or("", |(_, values)| values);
    gather.given.extend(given.split('|').map(str::to_lowercase));
    gather.fields();
    gather.units(graphs);
    let before = Selector::new(before).knowing(aliases);
    names.update(&before, field == Some(Field::Host), store);
    for (field, name) in &names.found {
        gather.value(*field, name);
    }
    gather.candidates(word.get(..kept).unwrap_or_default())
}

/// The names among which words are looked for: those of what earlier words choose, each once. They
/// are the same while a word is typed.
#[derive(Debug, Default)]
pub struct Names {
    found: Vec<(Field, Arc<str>)>,
    /// The revision of the names, the words before, and whether only hosts are asked for.
    made_for: Option<(u64, Selector, bool)>,
}

impl Names {
    fn update(&mut self, before: &Selector, only_hosts: bool, store: &Store) {
        let revision = store.revision();
        let is_same = |(of, words, hosts): &(u64, Selector, bool)| {
            *of == revision && words.finds_as(before) && *hosts == only_hosts
        };
        if !self.made_for.as_ref().is_some_and(is_same) {
            self.made_for = Some((revision, before.clone(), only_hosts));
            self.found.clear();
            let (seen, looked_at) = (HashSet::default(), 0);
            Look { found: &mut self.found, seen, looked_at }.at_all(before, only_hosts, store);
        }
    }
}

/// Names on their way into [`Names`].
struct Look<'a> {
    found: &'a mut Vec<(Field, Arc<str>)>,
    /// Names that were looked at, by where they are.
    seen: HashSet<(Field, usize), RandomState>,
    looked_at: usize,
}

impl Look<'_> {
    fn at_all(&mut self, before: &Selector, only_hosts: bool, store: &Store) {
        let texts = Texts::default();
        let mut sieve = Sieve::new(before.names(), &texts, Some(store));
        for host in store.index().hosts() {
            let Some(left) = sieve.host(&host.name) else { continue };
            self.host(host);
            if only_hosts {
                continue;
            }
            for plugin in host.plugins.iter() {
                if sieve.plugin(left, plugin).is_some() {
                    self.plugin(plugin);
                    for list in &plugin.lists {
                        self.list(list, store);
                    }
                }
            }
            if self.looked_at >= LOOKED_AT_MAX {
                return;
            }
        }
    }

    fn host(&mut self, node: &HostNode) {
        self.looked_at += 1;
        self.name(Field::Host, &node.name);
    }

    fn plugin(&mut self, node: &PluginNode) {
        self.looked_at += 1;
        self.name(Field::Plugin, &node.plugin);
        self.name(Field::Instance, &node.instance);
    }

    fn list(&mut self, node: &ListNode, store: &Store) {
        if self.looked_at >= LOOKED_AT_MAX {
            return;
        }
        self.looked_at += 1;
        let is_new = self.name(Field::Type, &node.type_);
        self.name(Field::TypeInstance, &node.instance);
        if is_new {
            for series in node.series.iter().filter_map(|id| store.series(*id)) {
                self.name(Field::Ds, &series.ds_name);
            }
        }
    }

    /// Notes a shared name; returns whether it was not looked at before.
    fn name(&mut self, field: Field, name: &Arc<str>) -> bool {
        let is_new = self.seen.insert((field, name.as_ptr().addr()));
        if is_new && !name.is_empty() {
            self.found.push((field, Arc::clone(name)));
        }
        is_new
    }
}

/// Names that fit what was typed.
struct Gather {
    field: Option<Field>,
    /// In small letters.
    typed: String,
    /// Values that stand there already.
    given: Vec<String>,
    words: Vec<&'static str>,
    /// Names that begin with what was typed, and those that hold it elsewhere.
    begin: Vec<(Field, String)>,
    hold: Vec<(Field, String)>,
}

impl Gather {
    fn new(field: Option<Field>, typed: &str) -> Self {
        Self {
            field,
            typed: typed.to_lowercase(),
            given: Vec::new(),
            words: Vec::new(),
            begin: Vec::new(),
            hold: Vec::new(),
        }
    }

    fn fields(&mut self) {
        if self.field.is_none() {
            let fields = Field::ALL.map(Field::name).into_iter();
            // A state is whole without a colon: nothing is to be added.
            let states = ["new", "stale"].into_iter().filter(|state| *state != self.typed);
            self.words.extend(fields.chain(states).filter(|name| name.starts_with(&self.typed)));
        }
    }

    fn units(&mut self, graphs: &Graphs) {
        if self.field == Some(Field::Unit) {
            for graph in graphs.iter() {
                self.value(Field::Unit, &graph.unit().name);
            }
        }
    }

    fn value(&mut self, field: Field, name: &str) {
        if self.field.is_some_and(|asked| asked != field) {
            return;
        }
        let small = name.to_lowercase();
        let kept = if small.starts_with(&self.typed) { &mut self.begin } else { &mut self.hold };
        let of_field = kept.iter().filter(|(of, _)| *of == field);
        let max = if self.field.is_some() { CANDIDATES_MAX } else { OF_FIELD_MAX };
        let is_known = |(of, known): &(Field, String)| *of == field && known == name;
        if of_field.count() < max
            && small.contains(&self.typed)
            && small != self.typed
            && !self.given.contains(&small)
            && !kept.iter().any(is_known)
        {
            kept.push((field, name.to_owned()));
        }
    }

    /// The candidates, behind what is `kept` of the word.
    fn candidates(mut self, kept: &str) -> Vec<Candidate> {
        let place = |(field, _): &(Field, String)| Field::ALL.iter().position(|of| of == field);
        self.begin.sort_by_key(place);
        self.hold.sort_by_key(place);
        let words = self.words.into_iter().map(|word| match word {
            "new" | "stale" => Candidate { word: format!("{kept}{word}"), what: "state" },
            _ => Candidate { word: format!("{kept}{word}:"), what: "field" },
        });
        let names = self.begin.into_iter().chain(self.hold).map(|(field, name)| {
            let exactly = field.exactly(&name);
            let word = match self.field {
                // The field stands there already, maybe with other values.
                Some(_) => exactly.get(field.name().len() + 1..).unwrap_or_default(),
                None => &exactly,
            };
            Candidate { word: format!("{kept}{word}"), what: field.title() }
        });
        words.chain(names).take(CANDIDATES_MAX).collect()
    }
}
