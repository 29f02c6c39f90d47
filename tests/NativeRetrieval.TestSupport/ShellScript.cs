using System.Diagnostics;

namespace NativeRetrieval.TestSupport;

/// <summary>A shell script that stands in for a program.</summary>
public static class ShellScript
{
    /// <summary>
    /// Writes an executable script. Another process writes it: a file that this one has open for writing while it starts some other program
    /// is busy, and cannot be started, until that program has begun.
    /// </summary>
    /// <param name="text">Lines behind the first, which names the shell.</param>
    public static void Write(string path, string text)
    {
        using var shell = Process.Start("/bin/sh",
            ["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod 700 \"$0\"", path, text]);
        shell.WaitForExit();
        if (shell.ExitCode != 0) throw new IOException($"{path} was not written");
    }
}
