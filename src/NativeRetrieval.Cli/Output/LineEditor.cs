using System.Globalization;
using System.Text;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cli.Output;

/// <summary>
/// Lines that are typed on a keyboard, edited in place as readline does it, with the lines typed before as history.
/// A line longer than the screen is wide is shown in part, around the cursor.
/// </summary>
/// <param name="readKey">The reader of the next key, which does not show it.</param>
/// <param name="prompt">Text before the line.</param>
public sealed class LineEditor(Terminal terminal, Func<ConsoleKeyInfo> readKey, string prompt)
{
    readonly List<string> _history = [];
    string[] _lines = []; // the history as it is edited, and the new line behind it
    string _text = "";
    int _cursor, _past;

    /// <summary>The next line; null when Ctrl-D is pressed on an empty one.</summary>
    public string? Read()
    {
        (_text, _cursor, _past, _lines) = ("", 0, _history.Count, [.. _history, ""]);
        while (true)
        {
            Show();
            var key = readKey();
            bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
            if (key.Key == ConsoleKey.Enter || key.KeyChar is '\r' or '\n' || control && key.Key == ConsoleKey.D && _text.Length == 0)
            {
                terminal.Hint("");
                if (key.Key == ConsoleKey.D) return null;
                if (!string.IsNullOrWhiteSpace(_text) && _text != _history.LastOrDefault()) _history.Add(_text);
                return _text;
            }
            if (control) Control(key.Key);
            else Press(key);
        }
    }

    void Press(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow: _cursor = Left(); break;
            case ConsoleKey.RightArrow: _cursor = Right(); break;
            case ConsoleKey.Home: _cursor = 0; break;
            case ConsoleKey.End: _cursor = _text.Length; break;
            case ConsoleKey.UpArrow: Recall(_past - 1); break;
            case ConsoleKey.DownArrow: Recall(_past + 1); break;
            case ConsoleKey.Backspace: Remove(Left(), _cursor); break;
            case ConsoleKey.Delete: Remove(_cursor, Right()); break;
            default: Insert(key.KeyChar == '\t' ? ' ' : key.KeyChar); break;
        }
    }

    void Control(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.A: _cursor = 0; break;
            case ConsoleKey.E: _cursor = _text.Length; break;
            case ConsoleKey.B: _cursor = Left(); break;
            case ConsoleKey.F: _cursor = Right(); break;
            case ConsoleKey.LeftArrow: _cursor = WordLeft(); break;
            case ConsoleKey.RightArrow: _cursor = WordRight(); break;
            case ConsoleKey.P: Recall(_past - 1); break;
            case ConsoleKey.N: Recall(_past + 1); break;
            case ConsoleKey.H: Remove(Left(), _cursor); break;
            case ConsoleKey.D: Remove(_cursor, Right()); break;
            case ConsoleKey.U: Remove(0, _cursor); break;
            case ConsoleKey.K: Remove(_cursor, _text.Length); break;
            case ConsoleKey.W or ConsoleKey.Backspace: Remove(WordLeft(), _cursor); break;
        }
    }

    void Insert(char typed)
    {
        if (char.IsControl(typed)) return;
        _text = _text.Insert(_cursor++, typed.ToString());
    }

    void Remove(int from, int to) => (_text, _cursor) = (_text.Remove(from, to - from), from);

    /// <summary>Puts a line of the history into place; what was typed on the one before it is kept.</summary>
    void Recall(int line)
    {
        if (line < 0 || line >= _lines.Length) return;
        _lines[_past] = _text;
        (_past, _text, _cursor) = (line, _lines[line], _lines[line].Length);
    }

    int Right() => _cursor + StringInfo.GetNextTextElementLength(_text, _cursor);

    int Left() => StartBefore(_cursor);

    /// <summary>Start of the character that ends at a place, or the start of the line.</summary>
    int StartBefore(int end)
    {
        int last = 0;
        for (int at = 0; at < end; at += StringInfo.GetNextTextElementLength(_text, at)) last = at;
        return last;
    }

    int WordLeft()
    {
        int at = _cursor;
        while (at > 0 && _text[at - 1] == ' ') at--;
        while (at > 0 && _text[at - 1] != ' ') at--;
        return at;
    }

    int WordRight()
    {
        int at = _cursor;
        while (at < _text.Length && _text[at] == ' ') at++;
        while (at < _text.Length && _text[at] != ' ') at++;
        return at;
    }

    void Show()
    {
        int room = Math.Max(1, terminal.Columns() - 1 - prompt.Length), before = 0, start = _cursor;
        while (start > 0)
        {
            int previous = start;
            start = StartBefore(previous);
            int cells = Cells(_text[start..previous]);
            if (before + cells > room)
            {
                start = previous;
                break;
            }
            before += cells;
        }
        var shown = new StringBuilder();
        int used = 0;
        for (int at = start, length; at < _text.Length; at += length)
        {
            length = StringInfo.GetNextTextElementLength(_text, at);
            string element = _text.Substring(at, length);
            used += Cells(element);
            if (used > room) break;
            shown.Append(PlainText.Of(element));
        }
        int column = prompt.Length + before;
        terminal.ShowInput(prompt + shown, column);
    }

    /// <summary>The columns of the screen that a character takes: two for those of East Asian scripts and for emoji.</summary>
    static int Cells(string element)
    {
        string shown = PlainText.Of(element);
        if (shown != element) return shown.Length;
        return Rune.GetRuneAt(element, 0).Value is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3
            or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6
            or >= 0x1F300 and <= 0x1F64F or >= 0x1F680 and <= 0x1F6FF or >= 0x1F900 and <= 0x1F9FF or >= 0x20000 and <= 0x3FFFD ? 2 : 1;
    }
}
