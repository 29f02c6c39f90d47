namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>Meanings of the classes, functions and outside objects that a pickle names. Nothing may be called or loaded by name.</summary>
interface IPickleTypes
{
    /// <summary>The value of <c>callable(*arguments)</c>.</summary>
    /// <exception cref="PickleError">The callable is not known.</exception>
    object Call(PickleGlobal callable, PickleList arguments);

    /// <summary>An instance of a class, its state still to come.</summary>
    /// <exception cref="PickleError">The name is not that of a class.</exception>
    object Instance(PickleGlobal type, PickleList arguments);

    /// <summary>The object outside the pickle with this id.</summary>
    /// <exception cref="PickleError">The id is not known.</exception>
    object Persistent(object id);
}
