//! Tokens to the written form.

use std::ops::Range;

use crate::bounds;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Expected;
use crate::moveworks::ast::Argument;
use crate::moveworks::ast::Call;
use crate::moveworks::ast::Expr;
use crate::moveworks::ast::ExprKind;
use crate::moveworks::ast::LEVELS;
use crate::moveworks::ast::Lambda;
use crate::moveworks::ast::NOT_LEVEL;
use crate::moveworks::ast::Operator;
use crate::moveworks::ast::Step;
use crate::moveworks::ast::StepKind;
use crate::moveworks::lex::Token;
use crate::moveworks::lex::TokenKind;

/// The words that are no names, written in any case.
const KEYWORDS: [&str; 10] =
    ["AND", "ELSE", "FALSE", "IF", "IN", "NOT", "NULL", "OR", "THEN", "TRUE"];

/// Reads all of `tokens` as one expression.
pub(super) fn parse(text: &str, tokens: Vec<Token>) -> Result<Expr, Error> {
    let mut parser = Parser { text, tokens, next: 0, depth: 0 };
    let expr = parser.expr()?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected(Expected::End)),
    }
}

/// Whether `word` is no name.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn expr(&mut self) -> Result<Expr, Error> {
        if self.at_word("IF") { self.nested(Self::conditional) } else { self.level(0) }
    }

    fn conditional(&mut self) -> Result<Expr, Error> {
        let start = self.here().start;
        let mut branches = Vec::new();
        while self.take_word("IF") {
            let condition = self.expr()?;
            self.expect_word("THEN")?;
            let then = self.expr()?;
            if !self.take_word("ELSE") {
                return Err(match self.peek() {
                    None => Error { range: start..self.here().end, kind: ErrorKind::IfWithoutElse },
                    Some(_) => self.unexpected(Expected::Tokens(&["ELSE"])),
                });
            }
            branches.push((condition, then));
        }
        let otherwise = Box::new(self.expr()?);
        Ok(self.since(start, ExprKind::If(branches, otherwise)))
    }

    /// Operands with the operators of one level between them.
    fn level(&mut self, level: usize) -> Result<Expr, Error> {
        if level == LEVELS.len() {
            return self.prefixed();
        }
        if level == NOT_LEVEL + 1 && self.at_word("NOT") {
            return self.nested(|parser| {
                let start = parser.here().start;
                parser.next += 1;
                let operand = parser.level(level)?;
                Ok(parser.since(start, ExprKind::Not(Box::new(operand))))
            });
        }
        let first = self.level(level + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.take_operator(level) {
            rest.push((operator, self.level(level + 1)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(self.since(first.range.start, ExprKind::Chain(Box::new(first), rest)))
    }

    fn prefixed(&mut self) -> Result<Expr, Error> {
        let start = self.here().start;
        if !self.at_sign("-") {
            return self.path();
        }
        if let Some(TokenKind::Number(number)) = self.tokens.get(self.next + 1).map(|t| &t.kind) {
            let number = number.negate();
            self.next += 2;
            let base = self.since(start, ExprKind::Number(number));
            return self.steps(base);
        }
        self.nested(|parser| {
            parser.next += 1;
            let operand = parser.prefixed()?;
            Ok(parser.since(start, ExprKind::Negate(Box::new(operand))))
        })
    }

    fn path(&mut self) -> Result<Expr, Error> {
        let base = self.operand()?;
        self.steps(base)
    }

    /// The steps that follow `base`.
    fn steps(&mut self, base: Expr) -> Result<Expr, Error> {
        let mut steps = Vec::new();
        loop {
            let start = self.here().start;
            let kind = if self.take_sign(".") {
                self.member()?
            } else if self.at_sign("[") {
                self.nested(Self::bracket)?
            } else {
                break;
            };
            let dot = usize::from(self.text[start..].starts_with('.'));
            steps.push(Step { kind, range: start + dot..self.end() });
        }
        if steps.is_empty() {
            return Ok(base);
        }
        Ok(self.since(base.range.start, ExprKind::Path(Box::new(base), steps)))
    }

    /// What follows a dot; keywords are names there.
    fn member(&mut self) -> Result<StepKind, Error> {
        match self.peek().map(|token| &token.kind) {
            Some(TokenKind::Word) => {
                let range = self.here();
                self.next += 1;
                Ok(StepKind::Field(self.text[range].to_owned()))
            }
            Some(TokenKind::Function) => self.call().map(StepKind::Method),
            _ => Err(self.unexpected(Expected::Field)),
        }
    }

    fn bracket(&mut self) -> Result<StepKind, Error> {
        let opening = self.here();
        self.next += 1;
        let start = if self.at_sign(":") { None } else { Some(self.expr()?) };
        if !self.take_sign(":") {
            self.close(&opening, &["]", ":"])?;
            return Ok(start.map_or(StepKind::Slice(None, None), StepKind::Item));
        }
        let end = if self.at_sign("]") { None } else { Some(self.expr()?) };
        self.close(&opening, &["]"])?;
        Ok(StepKind::Slice(start, end))
    }

    fn operand(&mut self) -> Result<Expr, Error> {
        let Some(token) = self.peek() else { return Err(self.unexpected(Expected::Expression)) };
        let range = token.range.clone();
        let kind = match &token.kind {
            TokenKind::Number(number) => ExprKind::Number(*number),
            TokenKind::Text(text) => ExprKind::Text(text.clone()),
            TokenKind::Word => self.word(&self.text[range.clone()])?,
            TokenKind::Function => {
                let call = self.call()?;
                return Ok(self.since(range.start, ExprKind::Call(call)));
            }
            TokenKind::Sign("(") => return self.nested(|parser| parser.parenthesised(&range)),
            TokenKind::Sign("[") => return self.nested(|parser| parser.list(&range)),
            TokenKind::Sign("{") => return self.nested(|parser| parser.map(&range)),
            TokenKind::Sign(_) => return Err(self.unexpected(Expected::Expression)),
        };
        self.next += 1;
        Ok(Expr { kind, range })
    }

    fn word(&self, word: &str) -> Result<ExprKind, Error> {
        Ok(match word.to_ascii_uppercase().as_str() {
            "TRUE" => ExprKind::Bool(true),
            "FALSE" => ExprKind::Bool(false),
            "NULL" => ExprKind::Null,
            _ if is_keyword(word) => return Err(self.unexpected(Expected::Expression)),
            _ => ExprKind::Name(word.to_owned()),
        })
    }

    fn parenthesised(&mut self, opening: &Range<usize>) -> Result<Expr, Error> {
        self.next += 1;
        let expr = self.expr()?;
        self.close(opening, &[")"])?;
        Ok(Expr { kind: expr.kind, range: opening.start..self.end() })
    }

    fn list(&mut self, opening: &Range<usize>) -> Result<Expr, Error> {
        let items = self.separated(opening, "]", &["]", ","], Self::expr)?;
        Ok(self.since(opening.start, ExprKind::List(items)))
    }

    fn map(&mut self, opening: &Range<usize>) -> Result<Expr, Error> {
        let entries = self.separated(opening, "}", &["}", ","], |parser| {
            let key = parser.expr()?;
            if !parser.take_sign(":") {
                return Err(parser.unexpected(Expected::Tokens(&[":"])));
            }
            Ok((key, parser.expr()?))
        })?;
        Ok(self.since(opening.start, ExprKind::Map(entries)))
    }

    fn call(&mut self) -> Result<Call, Error> {
        let range = self.here();
        self.next += 1;
        let name = self.text[range.clone()].to_owned();
        if !self.at_sign("(") {
            return Err(self.unexpected(Expected::Tokens(&["("])));
        }
        let opening = self.here();
        let arguments =
            self.nested(|parser| parser.separated(&opening, ")", &[")", ","], Self::argument))?;
        Ok(Call { name, range, arguments })
    }

    fn argument(&mut self) -> Result<Argument, Error> {
        let Some(parameters) = self.lambda_ahead() else {
            return self.expr().map(Argument::Value);
        };
        let start = self.here().start;
        if let Some(keyword) = parameters
            .iter()
            .position(|index| is_keyword(&self.text[self.tokens[*index].range.clone()]))
        {
            self.next = parameters[keyword];
            return Err(self.unexpected(Expected::Parameter));
        }
        let name = |index: &usize| self.text[self.tokens[*index].range.clone()].to_owned();
        let names = parameters.iter().map(name).collect::<Vec<_>>();
        while !self.take_sign("=>") {
            self.next += 1;
        }
        let body = Box::new(self.nested(Self::expr)?);
        Ok(Argument::Lambda(Lambda { parameters: names, body, range: start..self.end() }))
    }

    /// The places of the parameters, if what comes next is a lambda.
    fn lambda_ahead(&self) -> Option<Vec<usize>> {
        let kind = |index: usize| self.tokens.get(index).map(|token| &token.kind);
        let arrow = |index: usize| kind(index) == Some(&TokenKind::Sign("=>"));
        let word = |index: usize| kind(index) == Some(&TokenKind::Word);
        let sign = |index: usize, sign| kind(index) == Some(&TokenKind::Sign(sign));
        let at = self.next;
        if word(at) && arrow(at + 1) {
            return Some(vec![at]);
        }
        if !sign(at, "(") || !word(at + 1) {
            return None;
        }
        if sign(at + 2, ")") && arrow(at + 3) {
            return Some(vec![at + 1]);
        }
        let two = sign(at + 2, ",") && word(at + 3) && sign(at + 4, ")") && arrow(at + 5);
        two.then(|| vec![at + 1, at + 3])
    }

    /// What stands between brackets, with commas between.
    fn separated<T>(
        &mut self,
        opening: &Range<usize>,
        closing: &'static str,
        expected: &'static [&'static str],
        item: impl Fn(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.next += 1;
        let mut items = Vec::new();
        // A comma may follow the last item.
        while !self.at_sign(closing) {
            items.push(item(self)?);
            if !self.take_sign(",") {
                break;
            }
        }
        self.close(opening, expected)?;
        Ok(items)
    }

    /// Takes the bracket that closes `opening`: the first of `expected`.
    fn close(
        &mut self,
        opening: &Range<usize>,
        expected: &'static [&'static str],
    ) -> Result<(), Error> {
        if self.take_sign(expected[0]) {
            return Ok(());
        }
        if self.peek().is_some() {
            return Err(self.unexpected(Expected::Tokens(expected)));
        }
        let bracket = self.text[opening.clone()].chars().next().unwrap_or('(');
        Err(Error { range: opening.clone(), kind: ErrorKind::UnclosedBracket { bracket } })
    }

    /// Goes one level deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == bounds::DEPTH {
            let kind = ErrorKind::TooDeep { limit: bounds::DEPTH };
            return Err(Error { range: self.here(), kind });
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn take_operator(&mut self, level: usize) -> Option<Operator> {
        let here = &self.peek()?.kind;
        let (_, operator) = LEVELS[level].iter().find(|(written, _)| match here {
            TokenKind::Sign(sign) => sign == written,
            TokenKind::Word => self.at_word(written),
            _ => false,
        })?;
        self.next += 1;
        Some(*operator)
    }

    fn expect_word(&mut self, word: &'static str) -> Result<(), Error> {
        if self.take_word(word) {
            return Ok(());
        }
        let expected: &[&str] = match word {
            "THEN" => &["THEN"],
            _ => &["ELSE"],
        };
        Err(self.unexpected(Expected::Tokens(expected)))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let taken = self.at_word(word);
        self.next += usize::from(taken);
        taken
    }

    fn at_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| {
            token.kind == TokenKind::Word
                && self.text[token.range.clone()].eq_ignore_ascii_case(word)
        })
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let taken = self.at_sign(sign);
        self.next += usize::from(taken);
        taken
    }

    fn at_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: TokenKind::Sign(found), .. }) if *found == sign)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn unexpected(&self, expected: Expected) -> Error {
        let found = self.peek().map(|token| self.text[token.range.clone()].to_owned());
        let kind = ErrorKind::UnexpectedToken { found, expected };
        Error { range: self.here(), kind }
    }

    /// Where the next token stands; the end of the text when there is none.
    fn here(&self) -> Range<usize> {
        let end = self.text.trim_end().len();
        self.peek().map_or(end..end, |token| token.range.clone())
    }

    /// Where the last token ends.
    fn end(&self) -> usize {
        self.next.checked_sub(1).map_or(0, |last| self.tokens[last].range.end)
    }

    fn since(&self, start: usize, kind: ExprKind) -> Expr {
        Expr { kind, range: start..self.end() }
    }
}
