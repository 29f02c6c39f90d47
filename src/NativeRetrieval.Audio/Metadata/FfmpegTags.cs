using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using NativeRetrieval.Audio.Decoding.Ffmpeg;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>
/// Tags of M4A, WMA and whatever else ffmpeg alone decodes, as a process of its own tells them: lines <c>name=value</c> of the form
/// FFMETADATA1.
/// </summary>
internal static class FfmpegTags
{
    /// <summary>Adds the tags of the whole file; none where the program does not start.</summary>
    public static void Read(string path, FfmpegProgram program, TagCollector tags)
    {
        try
        {
            using var process = program.StartTags(path);
            process.BeginErrorReadLine();
            bool wasSlow = false;
            // A process that is ended closes its output, and with that the read that waits for it returns.
            using var watch = new Timer(_ =>
            {
                wasSlow = true;
                Kill(process);
            }, null, program.Patience, Timeout.InfiniteTimeSpan);
            byte[] text = new byte[TagCollector.LargestField];
            int count = process.StandardOutput.BaseStream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            Kill(process);
            if (wasSlow) tags.Note($"ffmpeg did not tell its tags in {program.Patience.TotalSeconds:0.#} s and was ended");
            if (count == text.Length) tags.Note($"its tags have more than {count:N0} bytes; the rest is left out");
            Parse(Encoding.UTF8.GetString(text, 0, count), tags);
        }
        catch (Win32Exception)
        {
            // Decoding the sound takes the program, too, and says what is wrong.
        }
    }

    /// <summary>A backslash stands before each <c>=</c>, <c>;</c>, <c>#</c>, backslash and line break of a name or value.</summary>
    static void Parse(string text, TagCollector tags)
    {
        StringBuilder part = new(), name = new();
        bool isName = true;
        for (int i = 0; i < text.Length; i++)
        {
            char letter = text[i];
            if (letter == '\\' && i + 1 < text.Length) part.Append(text[++i]);
            else if (letter == '=' && isName)
            {
                (part, name, isName) = (name.Clear(), part, false);
            }
            else if (letter == '\n')
            {
                // Tracks and chapters follow.
                if (isName && part.Length > 0 && part[0] == '[') return;
                if (!isName) tags.Add(name.ToString(), part.ToString());
                (isName, part) = (true, part.Clear());
            }
            else part.Append(letter);
        }
    }

    static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended in the meantime.
        }
    }
}
