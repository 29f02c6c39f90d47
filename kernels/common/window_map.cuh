// Windows of a grid of tokens that is rolled up and left: whose tokens lie together, and which of them are strangers.
//   grid [clips, height, width]; place: a window, counted over all clips
#pragma once
#include "common/types.cuh"

// The grid and a block's window in it.
struct window_map
{
    int width, window, shift, tokens, row, column, height;
    size_t first;       // pixel where the clip begins
    bool last_row, last_column;

    NR_DEVICE size_t pixel(int token) const
    {
        const int r = (row + token / window + shift) % height, c = (column + token % window + shift) % width;
        return first + (size_t)r * width + c;
    }

    // Row of the table of biases for the places of query and key relative to each other.
    NR_DEVICE int relative(int query, int key) const { return place(query) - place(key) + centre(); }

    // Rolling brought both together.
    NR_DEVICE bool apart(int query, int key) const { return region(query) != region(key); }

    NR_DEVICE int place(int token) const { return token / window * (2 * window - 1) + token % window; }

    // Row of the table where query and key are one.
    NR_DEVICE int centre() const { return 2 * window * (window - 1); }

    // Before or behind the seams that rolling made.
    NR_DEVICE int region(int token) const
    {
        const int seam = window - shift;
        return (last_row && token / window >= seam ? 1 : 0) + (last_column && token % window >= seam ? 2 : 0);
    }
};

NR_DEVICE window_map map_of(int place, int height, int width, int window, int shift)
{
    const int across = width / window, windows = height / window * across, index = place % windows;
    const int row = index / across, column = index % across;
    return { width, window, shift, window * window, row * window, column * window, height, (size_t)(place / windows) * height * width,
             shift > 0 && row == height / window - 1, shift > 0 && column == across - 1 };
}

// Floats of a window's share of the table's gradient for one head: whole sectors.
NR_DEVICE int share_width(int places) { return (places + 7) / 8 * 8; }
