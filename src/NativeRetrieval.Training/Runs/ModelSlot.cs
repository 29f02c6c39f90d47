using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// The model files at the top of a run folder, replaced as one. A new model is written into a folder beside the checkpoints; the receipt of
/// the checkpoint that it belongs to decides; then that folder gets its final name and its files are moved up. A crash before the receipt
/// leaves the old model, one after it is completed by <see cref="Settle"/>.
/// </summary>
sealed class ModelSlot(string runFolder, string workFolder)
{
    string Finished => Path.Combine(workFolder, "model.ready");

    /// <summary>Folder of a model that no checkpoint belongs to yet.</summary>
    public string Staged => Path.Combine(workFolder, "model.partial");

    public void Stage(Action<string> write)
    {
        DurableFile.DeleteFolder(Staged);
        DurableFile.CreateFolder(Staged);
        write(Staged);
    }

    /// <summary>Moves the staged model to the top.</summary>
    public void Replace()
    {
        DurableFile.RenameFolder(Staged, Finished);
        MoveUp();
    }

    /// <summary>Completes or undoes what a killed process had begun.</summary>
    /// <param name="model">The model of the newest checkpoint; null: that is not known.</param>
    public void Settle(ModelReceipt? model)
    {
        if (Directory.Exists(Finished)) MoveUp();
        if (!Directory.Exists(Staged)) return;
        if (model is not null && model.FirstDifference(Staged) is null) Replace();
        else DurableFile.DeleteFolder(Staged);
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
