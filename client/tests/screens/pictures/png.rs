//! Pictures as files: few colours are enough for a window of words, and make a fraction of the size.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{self, BufWriter},
    path::Path,
};

use iced::Size;

/// Colours of a picture: those that most pixels have, and then those that are least like them, for the sake of emoji.
const EXACT: usize = 28;
const COLOURS: usize = 64;
/// What is no farther from a colour that was taken is drawn as that one: the steps of a letter's edge may be this coarse.
const NEAR: u32 = 1_600;

type Colour = [u8; 3];

/// Writes a picture of RGBA pixels. The same pixels make the same bytes.
pub fn write(file: &Path, size: Size, pixels: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let pixels: Vec<&[u8]> = pixels.chunks_exact(4).collect();
    let palette = palette(&pixels);
    let mut nearest: HashMap<&[u8], u8> = HashMap::new();
    let mut indices = Vec::with_capacity(pixels.len());
    // Most pixels are as the one before.
    for run in pixels.chunk_by(PartialEq::eq) {
        let index = *nearest.entry(run[0]).or_insert_with(|| nearest_to(colour(run[0]), &palette).1);
        indices.resize(indices.len() + run.len(), index);
    }
    let output = BufWriter::new(File::create(file)?);
    let mut encoder = png::Encoder::new(output, size.width as u32, size.height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    // What is next to a pixel says nothing about the number of its colour.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(&indices)?;
    Ok(())
}

fn colour(pixel: &[u8]) -> Colour {
    [pixel[0], pixel[1], pixel[2]]
}

fn palette(pixels: &[&[u8]]) -> Vec<Colour> {
    let mut counts: BTreeMap<Colour, usize> = BTreeMap::new();
    for run in pixels.chunk_by(PartialEq::eq) {
        *counts.entry(colour(run[0])).or_default() += run.len();
    }
    let mut colours: Vec<(Colour, usize)> = counts.into_iter().collect();
    // Stable: equals stay in the order of their colours.
    colours.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rest = colours.split_off(EXACT.min(colours.len()));
    let mut palette: Vec<Colour> = colours.into_iter().map(|(colour, _)| colour).collect();
    // What is not near a colour that was taken, the farther and the more of it the sooner.
    let mut rest: Vec<(Colour, u64, u32)> = rest
        .into_iter()
        .map(|(colour, count)| (colour, count.isqrt() as u64, nearest_to(colour, &palette).0))
        .collect();
    rest.retain(|(.., far)| *far > NEAR);
    while palette.len() < COLOURS
        && let Some((next, ..)) =
            rest.iter().max_by_key(|(colour, weight, far)| (weight * u64::from(*far), *colour))
    {
        let next = *next;
        palette.push(next);
        rest.iter_mut().for_each(|(colour, _, far)| *far = (*far).min(distance(*colour, next)));
        rest.retain(|(.., far)| *far > NEAR);
    }
    palette
}

/// How far the nearest colour of a palette is, and its place.
fn nearest_to(colour: Colour, palette: &[Colour]) -> (u32, u8) {
    let distances = palette.iter().map(|other| distance(colour, *other)).zip(0..);
    distances.min().unwrap_or_default()
}

fn distance(one: Colour, other: Colour) -> u32 {
    one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
}
