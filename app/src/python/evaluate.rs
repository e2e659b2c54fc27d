//! What an expression is, as far as that is known without running it: literals, names, arithmetic, paths.

use std::collections::BTreeMap;

use microtome_core::loader::cellmap::Setting;
use ruff_python_ast::{Expr, ExprCall, ExprDict, Number, Operator, UnaryOp};
use ruff_text_size::Ranged as _;

use super::read::line_of;

/// `(128,) * 3` is as long as anything needs to be.
const LONGEST: usize = 64;
/// What is quoted of an expression.
const QUOTED: usize = 60;

/// A module, and the names that it has assigned so far.
pub(super) struct Evaluator<'a> {
    /// The module.
    pub text: &'a str,
    /// What its names stand for.
    pub names: BTreeMap<String, Setting>,
}

impl Evaluator<'_> {
    /// Assigns to a name, or to several of a tuple.
    pub fn assign(&mut self, target: &Expr, value: &Setting) {
        match (target, value) {
            (Expr::Name(name), _) => drop(self.names.insert(name.id.as_str().to_owned(), value.clone())),
            (Expr::Tuple(targets), Setting::List(values)) if targets.elts.len() == values.len() => {
                for (target, value) in targets.elts.iter().zip(values) {
                    self.assign(target, value);
                }
            }
            _ => {}
        }
    }

    /// What it is.
    pub fn value(&self, expr: &Expr) -> Setting {
        self.known(expr).unwrap_or_else(|| Setting::Unknown {
            source: self.source(expr),
            line: line_of(self.text, expr.start().to_usize()),
        })
    }

    /// As it is written, on one line and not all of it.
    pub fn source(&self, expr: &Expr) -> String {
        let source = self.text.get(expr.start().to_usize()..expr.end().to_usize()).unwrap_or_default();
        let words = source.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut start: String = words.chars().take(QUOTED).collect();
        if start.len() < words.len() {
            start.push('…');
        }
        start
    }

    fn known(&self, expr: &Expr) -> Option<Setting> {
        Some(match expr {
            Expr::NoneLiteral(_) => Setting::None,
            Expr::BooleanLiteral(literal) => Setting::Bool(literal.value),
            Expr::StringLiteral(literal) => Setting::Text(literal.value.to_str().to_owned()),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(number) => Setting::Integer(number.as_i64()?),
                Number::Float(number) => Setting::Float(*number),
                Number::Complex { .. } => return None,
            },
            Expr::List(list) => self.list(&list.elts),
            Expr::Tuple(tuple) => self.list(&tuple.elts),
            Expr::Set(set) => self.list(&set.elts),
            Expr::Dict(dict) => self.dict(dict)?,
            Expr::Name(name) => self.names.get(name.id.as_str())?.clone(),
            Expr::UnaryOp(unary) => match (unary.op, self.known(&unary.operand)?) {
                (UnaryOp::USub, Setting::Integer(number)) => Setting::Integer(number.checked_neg()?),
                (UnaryOp::USub, Setting::Float(number)) => Setting::Float(-number),
                (UnaryOp::UAdd, number) => number,
                (UnaryOp::Not, Setting::Bool(value)) => Setting::Bool(!value),
                _ => return None,
            },
            Expr::BinOp(binary) => combined(binary.op, self.known(&binary.left)?, self.known(&binary.right)?)?,
            Expr::Call(call) => self.call(call)?,
            // `UPath("…").path`
            Expr::Attribute(attribute) if attribute.attr.as_str() == "path" => match self.known(&attribute.value)? {
                text @ Setting::Text(_) => text,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn list(&self, items: &[Expr]) -> Setting {
        Setting::List(items.iter().map(|item| self.value(item)).collect())
    }

    /// Later entries win, and `**other` stands for those of another.
    fn dict(&self, dict: &ExprDict) -> Option<Setting> {
        let mut entries: Vec<(String, Setting)> = Vec::new();
        let mut insert = |name: String, value| {
            entries.retain(|(known, _)| *known != name);
            entries.push((name, value));
        };
        for item in &dict.items {
            match &item.key {
                Some(key) => match self.known(key)? {
                    Setting::Text(name) => insert(name, self.value(&item.value)),
                    _ => return None,
                },
                None => match self.known(&item.value)? {
                    Setting::Map(others) => others.into_iter().for_each(|(name, value)| insert(name, value)),
                    _ => return None,
                },
            }
        }
        Some(Setting::Map(entries))
    }

    fn call(&self, call: &ExprCall) -> Option<Setting> {
        let name = match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return None,
        };
        let arguments = &call.arguments;
        let positional: Vec<_> = arguments.args.iter().map(|argument| self.value(argument)).collect();
        let named = |keyword: &ruff_python_ast::Keyword| {
            Some((keyword.arg.as_ref()?.as_str().to_owned(), self.value(&keyword.value)))
        };
        let keywords: Vec<_> = arguments.keywords.iter().map(named).collect::<Option<_>>()?;
        Some(match (name, &positional[..]) {
            ("dict", []) => Setting::Map(keywords),
            ("list" | "tuple", [list @ Setting::List(_)]) => list.clone(),
            ("Path" | "PurePath" | "UPath" | "str" | "join", texts)
                if texts.iter().all(is_text) && !texts.is_empty() =>
            {
                texts.iter().cloned().reduce(joined)?
            }
            ("len", [Setting::List(list)]) => Setting::Integer(i64::try_from(list.len()).ok()?),
            ("float", [number]) => Setting::Float(number.number()?),
            _ => Setting::Call { name: name.to_owned(), positional, keywords },
        })
    }
}

const fn is_text(setting: &Setting) -> bool {
    matches!(setting, Setting::Text(_))
}

/// Two parts of a path; one from the root stands for itself.
fn joined(before: Setting, after: Setting) -> Setting {
    match (before, after) {
        (Setting::Text(before), Setting::Text(after)) if !after.starts_with('/') => {
            Setting::Text(format!("{}/{after}", before.trim_end_matches('/')))
        }
        (_, after) => after,
    }
}

fn combined(op: Operator, left: Setting, right: Setting) -> Option<Setting> {
    match (op, left, right) {
        (Operator::Add, Setting::Text(left), Setting::Text(right)) => Some(Setting::Text(left + &right)),
        (Operator::Add, Setting::List(left), Setting::List(right)) if left.len() + right.len() <= LONGEST => {
            Some(Setting::List([left, right].concat()))
        }
        (Operator::Mult, Setting::List(list), Setting::Integer(times))
        | (Operator::Mult, Setting::Integer(times), Setting::List(list)) => {
            let times = usize::try_from(times).unwrap_or(0);
            let is_short = list.len().checked_mul(times)? <= LONGEST;
            is_short.then(|| Setting::List(vec![list; times].concat()))
        }
        (Operator::Div, left @ Setting::Text(_), right @ Setting::Text(_)) => Some(joined(left, right)),
        (_, Setting::Integer(left), Setting::Integer(right)) if op != Operator::Div => of_integers(op, left, right),
        (_, left, right) => of_numbers(op, left.number()?, right.number()?),
    }
}

fn of_integers(op: Operator, left: i64, right: i64) -> Option<Setting> {
    let result = match op {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mult => left.checked_mul(right),
        // Python rounds down.
        Operator::FloorDiv if right > 0 => left.checked_div_euclid(right),
        Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
        _ => None,
    };
    result.map(Setting::Integer)
}

fn of_numbers(op: Operator, left: f64, right: f64) -> Option<Setting> {
    let result = match op {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mult => left * right,
        Operator::Div => left / right,
        Operator::FloorDiv => (left / right).floor(),
        Operator::Pow => left.powf(right),
        _ => return None,
    };
    result.is_finite().then_some(Setting::Float(result))
}
