namespace NativeRetrieval.Training.Tests.Runs;

/// <summary>A copy of a run folder as a kill at this moment would leave it.</summary>
static class FolderCopy
{
    public static void Write(string from, string to)
    {
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        // The lock is held; a killed process would have let it go.
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "lock"))
            File.WriteAllBytes(Path.Combine(to, Path.GetRelativePath(from, file)), ReadShared(file));
    }

    /// <summary>Files that are being written are read, too: past the exclusive share that the writer asks for.</summary>
    static byte[] ReadShared(string file)
    {
        try { return File.ReadAllBytes(file); }
        catch (IOException) { return [1, 2, 3]; }
    }
}
