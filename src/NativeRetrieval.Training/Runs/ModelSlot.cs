using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// Replaces the model files at the top of a run folder as one. The new model is written into a folder beside the checkpoints; renaming
/// that folder to its final name decides; then the files are moved up. A crash before the renaming leaves the old model, one after it is
/// completed by <see cref="CleanUp"/>.
/// </summary>
sealed class ModelSlot(string runFolder, string workFolder)
{
    string Unfinished => Path.Combine(workFolder, "model.partial");

    string Finished => Path.Combine(workFolder, "model.ready");

    public void Replace(Action<string> write)
    {
        CleanUp();
        DurableFile.CreateFolder(Unfinished);
        write(Unfinished);
        DurableFile.RenameFolder(Unfinished, Finished);
        MoveUp();
    }

    /// <summary>Completes or undoes what a killed process had begun.</summary>
    public void CleanUp()
    {
        DurableFile.DeleteFolder(Unfinished);
        if (Directory.Exists(Finished)) MoveUp();
    }

    void MoveUp()
    {
        foreach (string file in Directory.EnumerateFiles(Finished, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList())
        {
            if (DurableFile.IsTemporary(file)) continue;
            string target = Path.Combine(runFolder, Path.GetRelativePath(Finished, file));
            DurableFile.CreateFolder(Path.GetDirectoryName(target)!);
            DurableFile.Move(file, target);
        }
        DurableFile.DeleteFolder(Finished);
    }
}
