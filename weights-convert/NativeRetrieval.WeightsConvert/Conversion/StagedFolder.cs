using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// A folder that is filled beside its place and moved there when it is complete; if anything fails, nothing is left of it. What a killed
/// process left is removed by the next that fills a folder for the same place: a lock beside each tells whether somebody still fills it.
/// </summary>
sealed class StagedFolder : IDisposable
{
    const string Ending = ".unfinished", LockEnding = ".lock";

    readonly string _target;
    readonly FolderLock _lock;
    bool _done;

    /// <exception cref="FileWriteException">There is something at <paramref name="target"/> already, or the disk refuses.</exception>
    public StagedFolder(string target)
    {
        _target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        CheckFree(target);
        string parent = System.IO.Path.GetDirectoryName(_target) ?? throw new FileWriteException(target, "it is the root of a disk");
        string beginning = $".{System.IO.Path.GetFileName(_target)}.";
        Path = System.IO.Path.Combine(parent, $"{beginning}{Environment.ProcessId}{Ending}");
        DurableFile.CreateFolder(parent);
        _lock = FolderLock.Acquire(Path + LockEnding, "folder");
        try
        {
            DeleteAbandoned(parent, beginning);
            DurableFile.DeleteFolder(Path);
            DurableFile.CreateFolder(Path);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The folder to fill.</summary>
    public string Path { get; }

    public string this[string file] => System.IO.Path.Combine(Path, file);

    /// <summary>Checks that the folder can be made.</summary>
    /// <exception cref="FileWriteException">The path is taken by something else than an empty folder.</exception>
    public static void CheckFree(string target)
    {
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new FileWriteException(target, "there is something already; name a folder that is absent or empty");
    }

    public void Complete()
    {
        CheckFree(_target);
        DurableFile.DeleteFolder(_target);
        DurableFile.RenameFolder(Path, _target);
        _done = true;
    }

    public void Dispose()
    {
        if (!_done) Try(() => DurableFile.DeleteFolder(Path));
        _lock.Dispose();
        Try(() => DurableFile.Delete(Path + LockEnding));
    }

    void DeleteAbandoned(string parent, string beginning)
    {
        var folders = Directory.GetFileSystemEntries(parent)
            .Select(entry => entry.EndsWith(LockEnding, StringComparison.Ordinal) ? entry[..^LockEnding.Length] : entry)
            .Where(folder => folder != Path && folder.EndsWith(Ending, StringComparison.Ordinal)
                && System.IO.Path.GetFileName(folder).StartsWith(beginning, StringComparison.Ordinal));
        foreach (string folder in folders.Distinct())
            Try(() =>
            {
                using (FolderLock.Acquire(folder + LockEnding, "folder")) DurableFile.DeleteFolder(folder);
                DurableFile.Delete(folder + LockEnding);
            });
    }

    /// <summary>Cleans up as far as it can be: the user has to know the first failure, not that of the clean-up.</summary>
    static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (FileWriteException)
        {
        }
    }
}
