//! The table of all hosts, from TOML.

use super::{Reader, Table, Value, WORD_SHOWN_MAX};
use crate::metric::display_safe;
use crate::view::fleet::{By, COLUMNS_MAX, Column, Fleet, Measure, ORDERS, Of, Shows};
use crate::view::layout::YScale;
use crate::view::layout_file::COLUMN_KEYS;
use crate::view::nearest::nearest;
use toml::de::DeValue;

impl Reader {
    /// The table that a tab has.
    pub(super) fn fleet(&mut self, table: &Table<'_>) -> Fleet {
        let columns = self.columns(table);
        let filter = self.selectors(table, "filter").into_iter().next().unwrap_or_default();
        let reversed = match table.get("reversed") {
            None => false,
            Some(value) => value.get_ref().as_bool().unwrap_or_else(|| {
                self.wrong("reversed", value, "true or false");
                false
            }),
        };
        let by = self.order(table, &columns);
        if by == By::State && reversed {
            self.excluded_by("order = \"state\"", table, &[&["reversed"]]);
        }
        let reversed = reversed && by != By::State;
        Fleet { columns, by, reversed, filter }
    }

    /// What the rows are ordered by: a word, the name of a column, or its number from 1.
    fn order(&mut self, table: &Table<'_>, columns: &[Column]) -> By {
        let Some(value) = table.get("order") else { return By::Host };
        let named = |name: &str| columns.iter().position(|column| column.name() == name);
        let numbered = || value.get_ref().as_integer()?.as_str().parse::<usize>().ok();
        let place = match value.get_ref().as_str() {
            Some("host") => return By::Host,
            Some("state") => return By::State,
            Some(name) => named(name),
            None => numbered().and_then(|number| number.checked_sub(1)),
        };
        place.filter(|place| *place < columns.len()).map_or_else(
            || {
                let names: Vec<_> = columns.iter().map(Column::name).collect();
                let words = ORDERS.into_iter().chain(names.iter().map(String::as_str));
                self.choice(table, "order", &words.collect::<Vec<_>>());
                By::Host
            },
            By::Column,
        )
    }

    fn columns(&mut self, table: &Table<'_>) -> Vec<Column> {
        let Some(value) = table.get("fleet") else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong("fleet", value, "a list of columns, like [\"cpu\", \"load\"]");
            return Fleet::default().columns;
        };
        if list.len() > COLUMNS_MAX {
            let what =
                format!("fleet lists {} columns, the first {COLUMNS_MAX} are read", list.len());
            self.problem(value.span().start, what);
        }
        list.iter().take(COLUMNS_MAX).filter_map(|one| self.column(one)).collect()
    }

    /// One column: the name of a measure, or a table.
    fn column(&mut self, value: &Value<'_>) -> Option<Column> {
        match value.get_ref() {
            DeValue::String(name) => self.measure(name, value).map(Column::of),
            DeValue::Table(table) => self.own_column(table, value),
            _ => {
                self.wrong("a column", value, "a name or a table");
                None
            }
        }
    }

    fn measure(&mut self, name: &str, value: &Value<'_>) -> Option<Measure> {
        let measure = Measure::named(name);
        if measure.is_none() {
            let names = || Measure::ALL.into_iter().map(Measure::name);
            let near = nearest(name, names());
            let near = near.map_or(String::new(), |near| format!(", nearest is \"{near}\""));
            let name: String = name.chars().take(WORD_SHOWN_MAX).collect();
            let what = format!("unknown column \"{}\"{near}, left out", display_safe(&name));
            self.problem(value.span().start, what);
        }
        measure
    }

    fn own_column(&mut self, table: &Table<'_>, value: &Value<'_>) -> Option<Column> {
        self.check_keys(table, &[&COLUMN_KEYS]);
        let shows = if let Some(name) = table.get("column") {
            self.excluded_by("column", table, &[&["show", "of"]]);
            let text = self.string(table, "column")?;
            Shows::Measure(self.measure(&text, name)?)
        } else {
            let known = self.problems.len();
            let show = self.selectors(table, "show").into_iter().next();
            let Some(show) = show.filter(|show| !show.is_empty()) else {
                if self.problems.len() > known {
                    // What is wrong with it is said.
                    return None;
                }
                let what = "a column needs show = \"what it shows\", left out".to_owned();
                self.problem(value.span().start, what);
                return None;
            };
            if show.has_state() {
                let what = "a column shows values and cannot ask for them, left out".to_owned();
                self.problem(value.span().start, what);
                return None;
            }
            let name = self.string(table, "of");
            let of = name.as_deref().and_then(Of::named);
            if name.is_some() && of.is_none() {
                self.choice(table, "of", &Of::ALL.map(Of::name));
            }
            Shows::Series { show, of: of.unwrap_or_default() }
        };
        let title = self.string(table, "title");
        let scale = self.scale(table);
        Some(Column { shows, title, scale })
    }

    /// Whether an axis is its own.
    pub(super) fn scale(&mut self, table: &Table<'_>) -> YScale {
        match self.string(table, "scale").as_deref() {
            None | Some("shared") => YScale::Shared,
            Some("own") => YScale::Own,
            Some(_) => {
                self.choice(table, "scale", &["own", "shared"]);
                YScale::Shared
            }
        }
    }
}
