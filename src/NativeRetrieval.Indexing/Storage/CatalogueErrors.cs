using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>Turns the exceptions of SQLite and the file system into errors that a user can act on.</summary>
internal static class CatalogueErrors
{
    // Primary result codes, https://sqlite.org/rescode.html
    const int Busy = 5, Locked = 6, ReadOnly = 8, IoError = 10, Full = 13, CannotOpen = 14, PermissionDenied = 3;

    public static T Translate<T>(string folder, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException e)
        {
            throw Translated(folder, e);
        }
        catch (FileNotFoundException e)
        {
            throw new IndexCorruptException(e.FileName ?? folder, 
                $"the catalogue refers to this file, but it is missing; {ReadSession.WayOut}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IndexException($"{folder}: {e.Message}; what was committed before is unharmed", e);
        }
    }

    /// <summary>True where SQLite could not open or make the files it needs beside the catalogue.</summary>
    public static bool LacksWriteAccess(SqliteException e) => e.SqliteErrorCode is ReadOnly or CannotOpen or PermissionDenied;

    static Exception Translated(string folder, SqliteException e) => e.SqliteErrorCode switch
    {
        Full => new IndexException($"{folder}: the disk is full; what was committed before is unharmed; free some space and run again", e),
        IoError => new IndexException($"{folder}: the disk reports an error ({e.Message}); what was committed before is unharmed", e),
        ReadOnly or CannotOpen or PermissionDenied =>
            new IndexException(
                $"{folder}: {Catalogue.FileName} cannot be opened as asked ({e.Message}); "
                + "check the permissions of the folder and of the files in it", e),
        Busy or Locked => new IndexException($"{folder}: another process holds {Catalogue.FileName} ({e.Message}); try again", e),
        _ => new IndexCorruptException(Path.Combine(folder, Catalogue.FileName), $"{e.Message}; {Catalogue.WayOut}", e),
    };
}
