//! Wanted: which hosts a filter of the table lets through: those that have a series which its words
//! choose, and whose columns are as is asked for (`cpu>80`).

use super::{Column, Fleet};
use crate::view::aliases::Aliases;
use crate::view::format::Unit;
use crate::view::selector::Selector;

/// A filter as it is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wanted {
    /// The words that are not about columns.
    pub(super) words: Selector,
    conditions: Vec<Condition>,
}

/// What the value of a column is to be.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    column: usize,
    /// As behind the name of the column: `>80`.
    compares: Selector,
    is_excluded: bool,
}

impl Wanted {
    /// What a table asks for, of hosts that are called so.
    pub(super) fn of(fleet: &Fleet, aliases: &Aliases) -> Self {
        let (mut words, mut conditions) = (Vec::new(), Vec::new());
        for word in fleet.filter.text().split_whitespace() {
            match condition(word, &fleet.columns) {
                Some(condition) => conditions.push(condition),
                None => words.push(word),
            }
        }
        if conditions.is_empty() {
            return Self { words: fleet.filter.clone().knowing(aliases), conditions };
        }
        Self { words: Selector::new(&words.join(" ")).knowing(aliases), conditions }
    }

    /// Whether columns are as is asked for, of which `value` says what is shown, and its unit; what
    /// has no value is neither above nor below anything.
    pub(super) fn holds<'a>(&self, value: impl Fn(usize) -> Option<(f64, &'a Unit)>) -> bool {
        self.conditions.iter().all(|Condition { column, compares, is_excluded }| {
            let holds = value(*column).and_then(|(value, unit)| compares.compares(value, unit));
            holds.unwrap_or_default() != *is_excluded
        })
    }

    /// Whether it asks for values of columns.
    pub(super) const fn asks_columns(&self) -> bool {
        !self.conditions.is_empty()
    }
}

/// `cpu>80`, if there is such a column.
fn condition(word: &str, columns: &[Column]) -> Option<Condition> {
    let (is_excluded, word) = match word.strip_prefix('-') {
        Some(word) => (true, word),
        None => (false, word),
    };
    let at = word.find(['>', '<']).filter(|at| *at > 0)?;
    let (name, compared) = word.split_at_checked(at)?;
    let name = plain(name);
    let is_named = |column: &Column| {
        let measure = column.measure().is_some_and(|measure| measure.name() == name);
        measure || plain(&column.title()) == name
    };
    let column = columns.iter().position(is_named)?;
    let compares = Selector::new(compared);
    let is_good =
        compares.mistakes().is_empty() && compares.compares(0.0, &Unit::new("")).is_some();
    is_good.then_some(Condition { column, compares, is_excluded })
}

/// A name as it is typed: without blanks and marks, in small letters.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_columns_are_known_by_their_names() {
        let mut fleet = Fleet::default();
        fleet.columns.push(Column {
            title: Some("Hot spot".into()),
            ..Column::showing(Selector::new("plugin:sensors"))
        });
        for (text, words, conditions) in [
            ("web -db", "web -db", 0),
            ("cpu>80", "", 1),
            ("web CPU>=80% -load<1 percent", "web percent", 2),
            ("hotspot>40", "", 1),
            ("load,1min>4", "", 1),
            ("nothing>40", "nothing>40", 0),
            (">40", ">40", 0),
            ("cpu>", "cpu>", 0),
            ("cpu>many", "cpu>many", 0),
            ("memory>8Gi \"two words\"", "\"two words\"", 1),
        ] {
            fleet.filter = Selector::new(text);
            let wanted = Wanted::of(&fleet, &Aliases::default());
            let found = (wanted.words.text(), wanted.conditions.len());
            assert_eq!(found, (words, conditions), "{text}");
        }
    }
}
