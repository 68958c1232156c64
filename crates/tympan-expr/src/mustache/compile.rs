//! The pieces of a template to the inner form: what its names stand for.

use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Warning;
use crate::form::Mapper;
use crate::form::Node;
use crate::form::Step;
use crate::mustache::parse::Name;
use crate::mustache::parse::Piece;
use crate::value::Value;
use crate::vocabulary::Vocabulary;

/// Compiles `pieces` for a place where the names of `vocabulary` exist.
pub(super) fn compile(
    pieces: &[Piece],
    vocabulary: &Vocabulary,
) -> Result<(Node, Vec<Warning>), Vec<Error>> {
    let mut compiler =
        Compiler { vocabulary, sections: 0, errors: Vec::new(), warnings: Vec::new() };
    let node = compiler.pieces(pieces);
    if compiler.errors.is_empty() { Ok((node, compiler.warnings)) } else { Err(compiler.errors) }
}

struct Compiler<'c> {
    vocabulary: &'c Vocabulary,
    /// How many sections are around; each has its value as a local.
    sections: usize,
    errors: Vec<Error>,
    warnings: Vec<Warning>,
}

impl Compiler<'_> {
    fn pieces(&mut self, pieces: &[Piece]) -> Node {
        Mapper::Join(pieces.iter().map(|piece| self.piece(piece)).collect()).into()
    }

    fn piece(&mut self, piece: &Piece) -> Node {
        match piece {
            Piece::Text(text) => Node::Constant(Value::from(text.clone())),
            Piece::Value(name) => self.name(name),
            Piece::Section { name, is_inverted: true, body } => {
                let branch = (self.name(name), Node::Constant(Value::Null));
                Node::If(vec![branch], Box::new(self.pieces(body))).fold()
            }
            Piece::Section { name, is_inverted: false, body } => {
                let value = self.name(name);
                self.sections += 1;
                let body = self.pieces(body);
                self.sections -= 1;
                Mapper::Section(Box::new(value), Box::new(body)).into()
            }
        }
    }

    /// The value of a name: that of the innermost section which has it, else what the place knows.
    fn name(&mut self, name: &Name) -> Node {
        let first_local = self.vocabulary.locals.len();
        let Some((first, rest)) = name.parts.split_first() else {
            return match (self.sections, self.vocabulary.body) {
                (0, Some(body)) => Node::Root(body),
                (0, None) => self.error(name, ErrorKind::NoBody),
                (sections, _) => Node::Local(first_local + sections - 1),
            };
        };
        let mut node = match self.vocabulary.resolve(first) {
            Ok((node, warning)) => {
                let range = name.range.clone();
                // Within a section the name is likely one of its own.
                let warning = warning.filter(|_| self.sections == 0);
                self.warnings.extend(warning.map(|kind| Warning { range, kind }));
                node
            }
            Err(_) if self.sections > 0 => Node::Constant(Value::Null),
            Err(kind) => self.error(name, kind),
        };
        // A local, such as an argument, is nearer than a section only if that lacks the name.
        if self.sections > 0 {
            let locals = (first_local..first_local + self.sections).rev().collect();
            node = Mapper::Field(locals, first.as_str().into(), Box::new(node)).into();
        }
        for part in rest {
            node = match part.parse::<u32>() {
                Ok(index) => node.step(Step::Element(index.into())),
                Err(_) => node.key(part, self.vocabulary),
            };
        }
        node
    }

    /// Notes an error, and stands in for what could not be made.
    fn error(&mut self, name: &Name, kind: ErrorKind) -> Node {
        self.errors.push(Error { range: name.range.clone(), kind });
        Node::Constant(Value::Null)
    }
}
