using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// Writes that survive a crash or power loss: a temporary file beside the target is written, fsynced and renamed over it,
/// then the folder is fsynced. A reader sees the old content or the new one, never a part of it.
/// </summary>
public static class DurableFile
{
    const string TemporarySuffix = ".nr-tmp";
    static int _counter;

    /// <summary>Called after every step that changes the disk, with the step's name and path; tests look at the disk there.</summary>
    [ThreadStatic] internal static Action<string, string>? AfterStep;

    /// <summary>Replaces <paramref name="path"/> by what <paramref name="write"/> puts into the stream, entirely or not at all.</summary>
    /// <param name="write">Gets an empty, seekable, buffered stream; it must not be kept or closed.</param>
    /// <exception cref="FileWriteException">The disk refused; the old file is untouched and the temporary one removed.</exception>
    public static void WriteAtomic(string path, Action<Stream> write) => Replace(path, write, sync: true);

    /// <summary>
    /// <see cref="WriteAtomic"/> without waiting for the disk, many times as fast: a reader sees the old content or the new one, but a
    /// power loss may leave an absent or damaged file. Only for what carries a checksum and can be computed again.
    /// </summary>
    /// <exception cref="FileWriteException">The disk refused; the old file is untouched and the temporary one removed.</exception>
    public static void WriteRecomputable(string path, Action<Stream> write) => Replace(path, write, sync: false);

    static void Replace(string path, Action<Stream> write, bool sync)
    {
        string target = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(target) ?? throw new FileWriteException(path, "it is not a file name");
        string? temporary = null;
        try
        {
            using (var file = CreateBeside(target, out temporary))
            {
                AfterStep?.Invoke("create", temporary);
                write(file);
                file.Flush();
                AfterStep?.Invoke("write", temporary);
                if (sync)
                {
                    file.Flush(flushToDisk: true);
                    AfterStep?.Invoke("fsync", temporary);
                }
            }
            File.Move(temporary, target, overwrite: true);
            temporary = null;
            AfterStep?.Invoke("rename", target);
            if (sync) SyncFolder(folder);
        }
        catch (Exception error) when (IsDiskError(error))
        {
            throw new FileWriteException(path, error.Message, error);
        }
        finally
        {
            if (temporary is not null) TryDelete(temporary);
        }
    }

    /// <summary><see cref="WriteAtomic"/> of bytes in memory.</summary>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) => WriteAtomic(path, stream => stream.Write(bytes.Span));

    /// <summary><see cref="WriteAtomic"/> of text, UTF-8 without a byte-order mark.</summary>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Adds bytes at the end of <paramref name="path"/> (created if absent) and fsyncs. After a crash the file holds
    /// everything appended before, and perhaps a part of these bytes: readers of appended files must tolerate a cut last record.
    /// </summary>
    public static void Append(string path, ReadOnlySpan<byte> bytes) => Append(path, bytes, sync: true);

    /// <summary>
    /// <see cref="Append(string, ReadOnlySpan{byte})"/> without waiting for the disk: a power loss may take or damage any of the last
    /// records. Only for records that carry a checksum and can be made again.
    /// </summary>
    public static void AppendRecomputable(string path, ReadOnlySpan<byte> bytes) => Append(path, bytes, sync: false);

    static void Append(string path, ReadOnlySpan<byte> bytes, bool sync)
    {
        try
        {
            bool created = !File.Exists(path);
            using (var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0))
            {
                file.Write(bytes);
                if (sync) file.Flush(flushToDisk: true);
            }
            AfterStep?.Invoke("append", path);
            if (created && sync) SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception error) when (IsDiskError(error))
        {
            throw new FileWriteException(path, error.Message, error);
        }
    }

    /// <summary>Shortens <paramref name="path"/> to <paramref name="lengthBytes"/> and fsyncs; a shorter file is left alone.</summary>
    public static void Truncate(string path, long lengthBytes)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            if (file.Length <= lengthBytes) return;
            file.SetLength(lengthBytes);
            file.Flush(flushToDisk: true);
            AfterStep?.Invoke("truncate", path);
        }
        catch (Exception error) when (IsDiskError(error))
        {
            throw new FileWriteException(path, error.Message, error);
        }
    }

    /// <summary>Creates a folder and its missing parents, each made durable in its parent.</summary>
    public static void CreateFolder(string path)
    {
        try
        {
            string full = Path.GetFullPath(path);
            if (Directory.Exists(full)) return;
            if (Path.GetDirectoryName(full) is { } parent)
            {
                CreateFolder(parent);
                Directory.CreateDirectory(full);
                AfterStep?.Invoke("create folder", full);
                SyncFolder(parent);
            }
        }
        catch (Exception error) when (IsDiskError(error))
        {
            throw new FileWriteException(path, error.Message, error);
        }
    }

    /// <summary>Renames a folder to a name that is free, durably; both have the same parent.</summary>
    public static void RenameFolder(string from, string to)
    {
        try
        {
            Directory.Move(from, to);
            AfterStep?.Invoke("rename folder", to);
            SyncFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
        }
        catch (Exception error) when (IsDiskError(error))
        {
            throw new FileWriteException(to, error.Message, error);
        }
    }

    /// <summary>Gives a file another name on the same disk, durably, replacing a file that has it.</summary>
    public static void Move(string from, string to)
    {
        try
        {
            File.Move(from, to, overwrite: true);
            AfterStep?.Invoke("move", to);
            SyncFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
        }
        catch (Exception error) when (IsDiskError(error))
        {
            throw new FileWriteException(to, error.Message, error);
        }
    }

    /// <summary>Deletes a folder with all it holds; one that is absent is no error. After a crash a part of it may remain.</summary>
    public static void DeleteFolder(string path)
    {
        try
        {
            if (!Directory.Exists(path)) return;
            Directory.Delete(path, recursive: true);
            AfterStep?.Invoke("delete folder", path);
            SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception error) when (IsDiskError(error))
        {
            throw new FileWriteException(path, error.Message, error);
        }
    }

    /// <summary>Deletes a file durably; one that is absent is no error.</summary>
    public static void Delete(string path)
    {
        try
        {
            if (!File.Exists(path)) return;
            File.Delete(path);
            AfterStep?.Invoke("delete", path);
            SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception error) when (IsDiskError(error))
        {
            throw new FileWriteException(path, error.Message, error);
        }
    }

    /// <summary>
    /// Removes temporary files that a killed process left in <paramref name="folder"/>. Only the owner of a folder may call it:
    /// a file that another process is writing at this moment would be lost.
    /// </summary>
    public static void DeleteLeftovers(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, ".*" + TemporarySuffix)) TryDelete(file);
    }

    /// <summary>
    /// Removes temporary files that killed processes left of <paramref name="path"/>, in a folder that is anybody's: one that a living
    /// process still writes is locked, and stays.
    /// </summary>
    public static void DeleteLeftoversOf(string path)
    {
        string target = Path.GetFullPath(path), beginning = $".{Path.GetFileName(target)}.";
        if (Path.GetDirectoryName(target) is not { } folder || !Directory.Exists(folder)) return;
        foreach (string file in Directory.GetFiles(folder))
        {
            if (!IsTemporary(file) || !Path.GetFileName(file).StartsWith(beginning, StringComparison.Ordinal)) continue;
            try
            {
                using (new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0)) { }
            }
            catch (Exception error) when (IsDiskError(error))
            {
                continue;
            }
            TryDelete(file);
        }
    }

    /// <summary>True of names that <see cref="WriteAtomic"/> gives to unfinished files.</summary>
    public static bool IsTemporary(string path) => path.EndsWith(TemporarySuffix, StringComparison.Ordinal);

    static FileStream CreateBeside(string target, out string temporary)
    {
        for (int attempt = 0; ; attempt++)
        {
            // Process number and a counter: unique among live processes; a leftover of a dead one with the same number is stepped over.
            string name = $".{Path.GetFileName(target)}.{Environment.ProcessId}-{Interlocked.Increment(ref _counter)}{TemporarySuffix}";
            temporary = Path.Combine(Path.GetDirectoryName(target)!, name);
            try
            {
                return new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
            }
            catch (IOException) when (attempt < 1000 && File.Exists(temporary))
            {
            }
        }
    }

    static void SyncFolder(string folder)
    {
        FolderSync.Flush(folder);
        AfterStep?.Invoke("fsync folder", folder);
    }

    static void TryDelete(string path)
    {
        try { File.Delete(path); }
        catch (Exception error) when (IsDiskError(error)) { }
    }

    static bool IsDiskError(Exception error) => error is IOException or UnauthorizedAccessException;
}
