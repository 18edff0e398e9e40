//! Random changes to an input.

/// Numbers that look random, the same ones for the same seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).expect("it has 31 bits") % end
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..start + self.below((length - start).min(64) + 1)
    }
}

/// Pieces that readers have trouble with.
const PIECES: &[&str] = &[
    "\"",
    "\"\"",
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\u{1a}",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "é",
    "\u{1f600}",
    "NULL",
    "SSD_PH",
    "1900-01-01",
    "2026-01-05",
    "05/01/2026",
    "31/02/2026",
    "29/02/2100",
    "9999-12-31",
    "2026-01-05 00:00:00",
    "-0",
    "1e309",
    "4294967296",
    "99999999999999999999",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "\\u0000",
    "\\ud800",
    "<",
    ">",
    "&amp;",
    "&x;",
    "]]>",
    "<row>",
    "<c r=\"XFD1048576\"><v>1</v></c>",
    "<c r=\"A0\"><v>1</v></c>",
    "t=\"s\"",
    "t=\"d\"",
    "r=\"ZZZZZZZ9\"",
    "b) ",
    "\u{2013}",
];

const BYTES: &[u8] = &[0, 0x1a, b'"', b',', b'\n', 0x7f, 0x80, 0x9d, 0xc3, 0xe2, 0xfe, 0xff];

/// Changes an input a few times over.
pub fn mutate(mut input: Vec<u8>, other: &[u8], random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(6) {
        change(&mut input, other, random);
        input.truncate(1 << 18);
    }
    input
}

fn change(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(input.len() + 1);
    match random.below(10) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = random.one_of(BYTES),
        2 => input.truncate(at),
        3 => drop(input.drain(random.range(input.len()))),
        4 => drop(input.splice(at..at, other[random.range(other.len())].to_vec())),
        5 => {
            let again = input[random.range(input.len())].to_vec();
            input.splice(at..at, again);
        }
        6 => {
            let long = vec![random.one_of(b"x\", 9<["); 1 << random.below(16)];
            input.splice(at..at, long);
        }
        7 => columns(input, random),
        8 => lines(input, random),
        _ => drop(input.splice(at..at, random.one_of(PIECES).bytes())),
    }
}

/// Swaps two columns of values separated by commas, or puts one in the place of another, in every line or in one.
fn columns(input: &mut Vec<u8>, random: &mut Random) {
    let (one, other, line) = (random.below(26), random.below(26), random.below(40));
    let (swaps, is_everywhere) = (random.below(2) == 0, random.below(2) == 0);
    let changed: Vec<Vec<u8>> = input
        .split(|&byte| byte == b'\n')
        .enumerate()
        .map(|(number, text)| {
            let mut cells: Vec<&[u8]> = text.split(|&byte| byte == b',').collect();
            if one.max(other) < cells.len() && (is_everywhere || number == line) {
                if swaps {
                    cells.swap(one, other);
                } else {
                    cells[one] = cells[other];
                }
            }
            cells.join(&b","[..])
        })
        .collect();
    *input = changed.join(&b"\n"[..]);
}

/// Doubles a line, or swaps it with another.
fn lines(input: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<&[u8]> = input.split(|&byte| byte == b'\n').collect();
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    if random.below(2) == 0 {
        lines.swap(one, other);
    } else {
        lines.insert(one, lines[other]);
    }
    *input = lines.join(&b"\n"[..]);
}
